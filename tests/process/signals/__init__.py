"""Tests of consent_service.process.signals."""
