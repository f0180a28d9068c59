"""The tables, and the one row of the clock."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clock",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("looked", sa.Float(), nullable=False),
        sa.Column("virtual", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "contents",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("piece", sa.Integer(), nullable=False),
        sa.Column("job", sa.String(length=32), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.Column("file", sa.String(length=64), nullable=True),
        sa.Column("created", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", "piece"),
    )
    op.create_index(op.f("ix_contents_created"), "contents", ["created"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("owner_name", sa.String(length=256), nullable=False),
        sa.Column("service", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("rank", sa.Float(), nullable=True),
        sa.Column("started", sa.Float(), nullable=True),
        sa.Column("finished", sa.Float(), nullable=True),
        sa.Column("deadline", sa.Float(), nullable=False),
        sa.Column("attempts_allowed", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("losses", sa.Integer(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=64), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("callback", sa.Text(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("grant_token", sa.Text(), nullable=True),
        sa.Column("host", sa.String(length=300), nullable=False),
        sa.Column("scheme", sa.String(length=8), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("lease_token", sa.String(length=32), nullable=True),
        sa.Column("lease_until", sa.Float(), nullable=True),
        sa.Column("worker", sa.String(length=80), nullable=True),
        sa.Column("progress", sa.Text(), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("result_status", sa.Integer(), nullable=True),
        sa.Column("result_headers", sa.Text(), nullable=True),
        sa.Column("request_content", sa.String(length=32), nullable=False),
        sa.Column("result_content", sa.String(length=32), nullable=True),
        sa.Column("size_request", sa.Integer(), nullable=False),
        sa.Column("size_result", sa.Integer(), nullable=True),
        sa.Column("replay_of", sa.String(length=32), nullable=True),
        sa.Column("keep_until", sa.Float(), nullable=True),
        sa.Column("forget_at", sa.Float(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("history", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("owner", "idempotency_key", name="jobs_idempotency"),
    )
    op.create_index("jobs_due", "jobs", ["state", "at"], unique=False)
    op.create_index("jobs_forget", "jobs", ["forget_at"], unique=False)
    op.create_index("jobs_keep", "jobs", ["keep_until"], unique=False)
    op.create_index("jobs_lease", "jobs", ["lease_token"], unique=False)
    op.create_index("jobs_listed", "jobs", ["owner", "created"], unique=False)
    op.create_index("jobs_queue", "jobs", ["state", "rank"], unique=False)
    op.create_index("jobs_unfinished", "jobs", ["owner", "state", "size_request"], unique=False)
    op.create_table(
        "totals",
        sa.Column("service", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("retries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("service", "outcome"),
    )
    op.create_table(
        "turns",
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("last", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("owner"),
    )
    op.create_index(op.f("ix_turns_last"), "turns", ["last"], unique=False)
    op.execute("INSERT INTO clock (id, looked, virtual) VALUES (1, 0, 0)")


def downgrade() -> None:
    op.drop_index(op.f("ix_turns_last"), table_name="turns")
    op.drop_table("turns")
    op.drop_table("totals")
    op.drop_index("jobs_unfinished", table_name="jobs")
    op.drop_index("jobs_queue", table_name="jobs")
    op.drop_index("jobs_listed", table_name="jobs")
    op.drop_index("jobs_lease", table_name="jobs")
    op.drop_index("jobs_keep", table_name="jobs")
    op.drop_index("jobs_forget", table_name="jobs")
    op.drop_index("jobs_due", table_name="jobs")
    op.drop_table("jobs")
    op.drop_index(op.f("ix_contents_created"), table_name="contents")
    op.drop_table("contents")
    op.drop_table("clock")
