"""Callbacks, and the secrets that sign them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "callbacks",
        sa.Column("job", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("message", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("lease_token", sa.String(length=32), nullable=True),
        sa.Column("worker", sa.String(length=80), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("delivered", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("job"),
    )
    op.create_index("callbacks_due", "callbacks", ["state", "at"], unique=False)
    op.create_index("callbacks_leased", "callbacks", ["lease_token"], unique=False)
    op.create_index("callbacks_turns", "callbacks", ["state", "owner", "at"], unique=False)
    op.create_table(
        "callback_secrets",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("secret", sa.String(length=128), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.Column("ends", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_callback_secrets_ends"), "callback_secrets", ["ends"], unique=False)
    op.create_index(op.f("ix_callback_secrets_owner"), "callback_secrets", ["owner"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_callback_secrets_owner"), table_name="callback_secrets")
    op.drop_index(op.f("ix_callback_secrets_ends"), table_name="callback_secrets")
    op.drop_table("callback_secrets")
    op.drop_index("callbacks_turns", table_name="callbacks")
    op.drop_index("callbacks_leased", table_name="callbacks")
    op.drop_index("callbacks_due", table_name="callbacks")
    op.drop_table("callbacks")
