"""Invitations of staff, the school code of a link, and for whom a session was opened

Revision ID: 0010
Revises: 0009

Links of before get the code of their school. Sessions of before do not say for whom they were opened: in them
nobody acts for a school any more, who logs in again does.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.foundation.database import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_OF_THEIR_SCHOOL = (
    "UPDATE staff_links SET establishment = (SELECT s.establishment_code FROM schools s"
    " WHERE s.tenant = staff_links.shelter AND s.school = staff_links.school)"
    " WHERE school IS NOT NULL"
)


def upgrade() -> None:
    op.add_column("login_attempts", sa.Column("invitation", sa.String(length=64), nullable=True))
    op.add_column("sessions", sa.Column("acts_as", sa.Text(), nullable=True))
    op.add_column("staff_links", sa.Column("establishment", sa.String(length=6), nullable=True))
    op.execute(_OF_THEIR_SCHOOL)
    _create_invitations()
    op.create_table(
        "invitation_logins",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("shelter", sa.String(length=36), nullable=False),
        sa.Column("invitation", sa.String(length=36), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=True),
        sa.Column("subject", sa.String(length=64), nullable=True),
        sa.Column("acr", sa.String(length=200), nullable=True),
        sa.Column("authenticated_at", UtcDateTime(), nullable=True),
        sa.Column("schools", sa.Text(), nullable=True),
        sa.Column("sub", sa.String(length=64), nullable=True),
        sa.Column("sid", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "token", name=op.f("pk_invitation_logins")),
    )


def _create_invitations() -> None:
    op.create_table(
        "staff_invitations",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("invitation", sa.String(length=36), nullable=False),
        sa.Column("staff", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("school", sa.String(length=36), nullable=True),
        sa.Column("role", sa.String(length=24), nullable=True),
        sa.Column("establishment", sa.String(length=6), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("invited_by", sa.String(length=200), nullable=False),
        sa.Column("inviter_kind", sa.String(length=24), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended_code", sa.String(length=24), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "invitation", name=op.f("pk_staff_invitations")),
    )
    op.create_index("ix_staff_invitations_staff", "staff_invitations", ["tenant", "staff"])
    op.create_index("ix_staff_invitations_code", "staff_invitations", ["tenant", "code"], unique=True)
