# A job commits after each of its steps: pylint: disable=invalid-commit
import logging
from datetime import timedelta

import psycopg2
from odoo import api, fields, models
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGatewayError
from odoo.exceptions import UserError
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

# Seconds that one job may work before another one has its turn.
SLICE = 30
# Seconds until a job that was refused goes on: doubled each time, at most.
RETRY_DELAY = 5
RETRY_MAX_DELAY = 600
# Times that Stripe may be out of reach in a row, which is about a day.
MAX_ATTEMPTS = 150


class StripeJob(models.Model):
    """Work on a whole Stripe account: done in steps, each committed with the place it has reached.

    A job that is killed goes on where it was. What a kind of job does is in the file of its name: a
    method `_step_<kind>` that does one step and returns whether it was the last.
    """

    _name = "stripe.job"
    _description = "Stripe Job"
    # Odoo's activities need the thread to tell the person they are given to.
    _inherit = ["stripe.account.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_name = "kind"

    # === FIELDS === #

    kind = fields.Selection(
        [
            ("catch_up", "Catch up on events"),
            ("audit", "Compare with Stripe"),
            ("repair", "Repair differences"),
            ("import", "Import"),
            ("remove_test", "Remove test data"),
            ("proof", "Prove against Stripe"),
        ],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [
            ("draft", "Not started"),
            ("waiting", "Waiting"),
            ("running", "Running"),
            ("done", "Done"),
            ("failed", "Failed"),
            ("canceled", "Stopped"),
        ],
        required=True,
        readonly=True,
        default="draft",
        index=True,
        copy=False,
    )
    phase = fields.Char(help="What it is busy with.", readonly=True, copy=False)
    cursor = fields.Json(help="The place it has reached.", readonly=True, copy=False)
    progress = fields.Integer(help="In percent, estimated.", readonly=True, copy=False)
    counts = fields.Json(readonly=True, copy=False, default=dict)
    summary = fields.Html(compute="_compute_summary")
    error = fields.Char(string="Reason", readonly=True, copy=False)
    attempts = fields.Integer(readonly=True, copy=False)
    next_step_at = fields.Datetime(readonly=True, copy=False)
    started_at = fields.Datetime(readonly=True, copy=False)
    ended_at = fields.Datetime(readonly=True, copy=False)

    _active_idx = models.Index("(next_step_at) WHERE state IN ('waiting', 'running')")

    # === COMPUTE METHODS === #

    @api.depends("kind", "create_date")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for job in self:
            job.display_name = kinds.get(job.kind) or ""

    @api.depends("counts", "state")
    def _compute_summary(self):
        for job in self:
            labels = job._get_count_labels()
            counts = job.counts or {}
            rows = [
                (label, counts.get(name, 0))
                for name, label in labels.items()
                if counts.get(name) or (job.state == "done" and job._shows_zero())
            ]
            job.summary = self.env["ir.qweb"]._render(
                "stripe_subscriptions.job_summary", {"rows": rows}
            )

    # === ACTION METHODS === #

    def action_start(self):
        """Begin, or go on after a failure where it stopped.

        :return: The action that shows the job.
        """
        self.ensure_one()
        if self.state in ("draft", "failed"):
            now = fields.Datetime.now()
            self.write(
                {
                    "state": "waiting",
                    "error": False,
                    "attempts": 0,
                    "next_step_at": now,
                    "started_at": self.started_at or now,
                    "ended_at": False,
                }
            )
            self.activity_unlink(["mail.mail_activity_data_warning"])
            self._trigger()
        return self._get_records_action(name=self.display_name)

    def action_cancel(self):
        """Stop for good; what it has done stays."""
        running = self.filtered(lambda job: job.state not in ("done", "canceled"))
        running.write({"state": "canceled", "ended_at": fields.Datetime.now()})

    # === BUSINESS METHODS - RUNNING === #

    @api.model
    def _start(self, provider, kind, **values):
        """Make and start a job, unless one of its kind is at work on the account already.

        :param payment.provider provider: The Stripe account.
        :param str kind: See the field.
        :return: The job, new or at work.
        :rtype: stripe.job
        """
        provider._stripe_billing_check_company()
        job = self.sudo().search(
            [
                ("provider_id", "=", provider.id),
                ("kind", "=", kind),
                ("state", "in", ("waiting", "running")),
            ],
            limit=1,
        )
        if not job:
            job = self.sudo().create({"provider_id": provider.id, "kind": kind, **values})
            job.action_start()
        return job.with_env(self.env)

    def _trigger(self, at=None):
        self.env.ref("stripe_subscriptions.ir_cron_run_jobs").sudo()._trigger(at)

    @api.model
    def _cron_run(self):
        """Work on the jobs that wait, in turns, until none is left or the time is up. Never raises."""
        cron = self.env["ir.cron"]
        while True:
            cron._commit_progress()
            job = self.search(
                [
                    ("state", "in", ("waiting", "running")),
                    ("next_step_at", "<=", fields.Datetime.now()),
                ],
                order="next_step_at, id",
                limit=1,
            )
            if not job:
                break
            job.with_company(job.provider_id.company_id)._run_slice()
            remaining = self.search_count([("state", "in", ("waiting", "running"))])
            if not cron._commit_progress(1, remaining=remaining):
                break
        later = self.search(
            [("state", "in", ("waiting", "running"))], order="next_step_at", limit=1
        )
        if later:
            later._trigger(later.next_step_at)
            self.env.cr.commit()

    def _run_slice(self):
        """Do steps until the job's turn is over. Commits each."""
        self.ensure_one()
        until = fields.Datetime.now() + timedelta(seconds=SLICE)
        while self.state in ("waiting", "running") and fields.Datetime.now() < until:
            if not self._run_step():
                break
        if self.state == "running":
            # Others that wait come first, unless this one has to wait longer than they do.
            now = fields.Datetime.now()
            self.next_step_at = max(self.next_step_at or now, now)
            self.env.cr.commit()

    def _run_step(self):
        """Do one step and commit it, or write down why it was not possible.

        :return: Whether the next step may follow at once.
        :rtype: bool
        """
        try:
            if self.state == "waiting":
                self.state = "running"
                self.env.cr.commit()
            last = getattr(self, f"_step_{self.kind}")()
            self.write({"attempts": 0, "error": False})
            if last:
                self._finish()
            self.env.cr.commit()
        except (psycopg2.OperationalError, psycopg2.IntegrityError) as error:
            # Other work on the same records was in the way: the same step once more.
            self.env.cr.rollback()
            return self._stumble(error, 1)
        except StripeGatewayError as error:
            self.env.cr.rollback()
            if error.retryable:
                return self._stumble(error, RETRY_DELAY)
            self._give_up(self.provider_id._stripe_user_error(error))
            return False
        except Exception as error:
            self.env.cr.rollback()
            if not isinstance(error, UserError):
                _logger.exception("Stripe job %s (%s) failed", self.id, self.kind)
            self._give_up(error)
            return False
        return not last

    def _stumble(self, error, delay):
        """Try the same step again later, or give up after too many times.

        :param Exception error: What was in the way.
        :param int delay: Seconds to wait after the first time.
        """
        if self.attempts >= MAX_ATTEMPTS:
            self._give_up(error)
            return False
        delay = min(delay * 2 ** min(self.attempts, 10), RETRY_MAX_DELAY)
        message = (
            self.env._("Stripe does not answer at the moment; it is asked again.")
            if isinstance(error, StripeGatewayError)
            else self.env._("Other work on the same records was in the way; it is tried again.")
        )
        self.write(
            {
                "attempts": self.attempts + 1,
                "error": message,
                "next_step_at": fields.Datetime.now() + timedelta(seconds=delay),
            }
        )
        self.env.cr.commit()
        return False

    def _give_up(self, error):
        """Stop with an error and call a person; *Resume* goes on from here."""
        message = str(error) or type(error).__name__
        self.write({"state": "failed", "error": message[:500], "ended_at": fields.Datetime.now()})
        self._call_person(self.env._("%s has stopped", self.display_name), message)
        self.env.cr.commit()

    def _finish(self):
        """End the job; a kind that has more to do then has a method `_finish_<kind>`."""
        self.write({"state": "done", "progress": 100, "ended_at": fields.Datetime.now()})
        if finish := getattr(self, f"_finish_{self.kind}", None):
            finish()

    def _call_person(self, summary, note):
        """Give the responsible of the Stripe account an activity."""
        user = self.provider_id.sudo().stripe_billing_user_id
        if user:
            self.activity_schedule(
                "mail.mail_activity_data_warning", summary=summary, note=note, user_id=user.id
            )

    # === BUSINESS METHODS - STEPS === #

    def _count(self, **numbers):
        """Add numbers to the counts that the job shows.

        :param numbers: By name, see `_get_count_labels`.
        """
        counts = dict(self.counts or {})
        for name, number in numbers.items():
            counts[name] = counts.get(name, 0) + number
        self.counts = counts

    def _shows_zero(self):
        """Return whether that there was none of something is part of the result."""
        return self.kind not in ("import", "remove_test")

    def _get_count_labels(self):
        """Return what the counts mean, in the order in which they are shown.

        :rtype: dict[str, str]
        """
        return {}

    def _advance(self, progress=None, phase=None, **cursor):
        """Write down the place the job has reached.

        :param float progress: Estimated share that is done, from 0 to 1.
        :param str phase: What it is busy with, for people.
        :param cursor: Changes of the cursor.
        """
        values = {"cursor": {**(self.cursor or {}), **cursor}}
        if progress is not None:
            values["progress"] = min(max(int(progress * 100), self.progress), 99)
        if phase and phase != self.phase:
            values["phase"] = phase
        self.write(values)

    @api.autovacuum
    def _gc_jobs(self):
        """Delete jobs that ended a year ago, those of each hour or day after a week."""
        query = SQL(
            """
            DELETE FROM stripe_job
             WHERE state IN ('done', 'canceled')
               AND ended_at < now() AT TIME ZONE 'UTC'
                   - CASE WHEN kind IN ('catch_up', 'cards') THEN interval '7 days'
                          ELSE interval '1 year' END
            """
        )
        self.env.execute_query(SQL("%s RETURNING id", query))
