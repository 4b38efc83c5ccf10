"""The services with which officers review the log, put together."""

from __future__ import annotations

from typing import TypedDict

import msgspec

from consent_service.app.shared import Shared
from consent_service.rights.reviews.asking import QuestionService
from consent_service.rights.reviews.drawing import SAMPLE_SIZE
from consent_service.rights.reviews.reviewing import ReviewService
from consent_service.rights.reviews.sampling import SampleDrawing
from consent_service.rights.reviews.saved import SavedQuestions


class ReviewServices(TypedDict):
    """The services of `Services` for questions to the log and samples of it."""

    questions: QuestionService
    saved_questions: SavedQuestions
    reviews: ReviewService


def of_reviews(shared: Shared) -> ReviewServices:
    """Put them together; opens nothing and starts nothing."""
    said = shared.catalogue.terms.review_sample
    drawing = SampleDrawing(
        database=shared.database,
        log=shared.log,
        clock=shared.clock,
        size=SAMPLE_SIZE if isinstance(said, msgspec.UnsetType) else said,
    )
    return ReviewServices(
        questions=QuestionService(
            database=shared.database,
            ring=shared.ring,
            log=shared.log,
            clock=shared.clock,
            organisations=shared.organisations,
        ),
        saved_questions=SavedQuestions(database=shared.database, clock=shared.clock),
        reviews=ReviewService(
            database=shared.database, ring=shared.ring, log=shared.log, clock=shared.clock, drawing=drawing
        ),
    )
