import logging

from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import const, utils
from odoo.exceptions import UserError
from odoo.tools import SQL, float_compare

_logger = logging.getLogger(__name__)


class StripeMixin(models.AbstractModel):
    """What every mirror of a Stripe object has: its identity, the raw object, and one writer.

    The writer of a model is `_stripe_apply(provider, objects)`. A model says how an object becomes
    values in `_prepare_stripe_values` and overrides the rest only where it has to.
    """

    _name = "stripe.mixin"
    _description = "Mirror of a Stripe object"
    _inherit = ["stripe.account.mixin"]

    # Folder of the model's objects in Stripe's Dashboard.
    _stripe_dashboard_path = ""

    # === FIELDS === #

    # Nothing cascades from a mirror, which documents may refer to.
    provider_id = fields.Many2one(ondelete="restrict")
    company_id = fields.Many2one(store=True, index=True)
    stripe_id = fields.Char(string="Stripe ID", readonly=True, copy=False)
    livemode = fields.Boolean(
        string="Live Mode",
        help="Whether this belongs to the live mode of Stripe, not to test mode.",
        readonly=True,
        copy=False,
    )
    is_current_mode = fields.Boolean(
        string="Of the Account's Mode",
        help="Whether it belongs to the mode, test or live, in which the account works now.",
        compute="_compute_is_current_mode",
        search="_search_is_current_mode",
    )
    stripe_data = fields.Json(
        string="Stripe Object",
        readonly=True,
        copy=False,
        prefetch=False,
        groups="base.group_system",
    )
    stripe_created_at = fields.Datetime(
        string="Created at Stripe", readonly=True, copy=False, index=True
    )
    # Unix seconds with a fraction: an Odoo Datetime cannot tell two moments of one second apart.
    stripe_fetched_at = fields.Float(
        string="Fetched At",
        help="Time of the database at which the fetch of what is shown here started.",
        readonly=True,
        copy=False,
    )

    _stripe_id_uniq = models.UniqueIndex(
        "(stripe_id, provider_id) WHERE stripe_id IS NOT NULL",
        "This Stripe object is in Odoo already.",
    )

    # === COMPUTE METHODS === #

    @api.depends("livemode", "provider_id.state")
    def _compute_is_current_mode(self):
        for record in self:
            record.is_current_mode = record.livemode == record.provider_id._stripe_livemode()

    def _search_is_current_mode(self, operator, value):
        if operator != "in" or set(value) != {True}:
            return NotImplemented
        live = self.env["payment.provider"].sudo().search([("state", "=", "enabled")])
        return [
            *("|", "&", ("livemode", "=", True), ("provider_id", "in", live.ids)),
            *("&", ("livemode", "=", False), ("provider_id", "not in", live.ids)),
        ]

    # === BUSINESS METHODS - WRITER === #

    @api.model
    def _stripe_apply(self, provider, objects):
        """Make the records equal to the objects; the only way they are written from Stripe.

        Idempotent. An object that was fetched before what is stored is left out, so that concurrent
        callers end with the newest whatever their order. The context key `stripe_fetched_at` tells
        when the fetch of the objects started (see `_stripe_now`); without it they count as new.

        :param payment.provider provider: The Stripe account the objects come from.
        :param list[dict] objects: Stripe objects of the model's kind, deleted ones included.
        :return: The records of the objects, also of those left out.
        :rtype: recordset
        :raise UserError: When an object is of the other mode.
        """
        self = self._with_stripe_sync(provider)
        fetched_at = self.env.context.get("stripe_fetched_at") or self._stripe_now()
        objects = {obj["id"]: obj for obj in objects}
        records = self._stripe_find(provider, list(objects))
        by_id = {record.stripe_id: record for record in records}
        lookup = self._prepare_stripe_lookup(provider, list(objects.values()))
        vals_list, applied = [], []
        for stripe_id, obj in objects.items():
            record = by_id.get(stripe_id, self.browse())
            if record and record.stripe_fetched_at > fetched_at:
                continue
            if obj.get("deleted"):
                # What the other mode has is not found with this mode's key, and not gone for that.
                if record.livemode == provider._stripe_livemode():
                    record._stripe_apply_deleted(fetched_at)
                continue
            provider._stripe_check_livemode(obj)
            values = self._prepare_stripe_values(provider, obj, lookup)
            fetched = {"stripe_data": obj, "stripe_fetched_at": fetched_at}
            if record:
                changes = record._stripe_get_changes(values)
                record.write({**{name: values[name] for name in changes}, **fetched})
                applied.append(record)
            else:
                vals_list.append(
                    {
                        **self._prepare_stripe_create_values(provider, obj, lookup),
                        **values,
                        **fetched,
                        "provider_id": provider.id,
                        "stripe_id": stripe_id,
                        "livemode": obj.get("livemode", False),
                        "stripe_created_at": utils.to_datetime(obj.get("created")),
                    }
                )
        created = self.create(vals_list)
        applied = created.union(*applied)
        applied._stripe_after_apply(provider, [objects[record.stripe_id] for record in applied])
        return records | created

    @api.model
    def _prepare_stripe_lookup(self, provider, objects):
        """Return the records that objects refer to, read once for all of them.

        :param payment.provider provider: The Stripe account.
        :param list[dict] objects: Stripe objects of the model's kind.
        :return: Dictionaries of records by Stripe id, by name.
        :rtype: dict[str, dict]
        """
        return {}

    @api.model
    def _prepare_stripe_values(self, provider, obj, lookup):
        """Map a Stripe object to values. Pure: no writes, no requests.

        :param payment.provider provider: The Stripe account.
        :param dict obj: The object.
        :param dict lookup: See `_prepare_stripe_lookup`.
        :rtype: dict
        """
        raise NotImplementedError(f"{self._name} does not say how it maps Stripe's objects")

    @api.model
    def _prepare_stripe_create_values(self, provider, obj, lookup):
        """Same as `_prepare_stripe_values`, for what is only set when the record is made."""
        return {}

    def _stripe_after_apply(self, provider, objects):
        """Do what follows from objects once they are written; the stale ones are not among them.

        :param payment.provider provider: The Stripe account.
        :param list[dict] objects: The object of each record, in the same order.
        """

    def _stripe_apply_deleted(self, fetched_at):
        """Mark the record of an object that is gone at Stripe; nothing is deleted in Odoo.

        :param float fetched_at: Unix seconds.
        """
        self.write({"stripe_fetched_at": fetched_at, "active": False})

    # === BUSINESS METHODS - COMPARISON === #

    def _stripe_get_changes(self, values):
        """Return which values differ from those of the record, with what is here and there.

        :param dict values: As for `write`.
        :rtype: dict[str, tuple]
        """
        self.ensure_one()
        changes = {}
        for name, there in values.items():
            field = self._fields[name]
            here = self[name]
            if field.type == "many2many":
                here, there = here.ids, [i for command in there for i in command[2] or ()]
                differs = set(here) != set(there)
            else:
                here = field.convert_to_write(here, self)
                differs = (here or False) != (there or False)
                if differs and field.type == "float":
                    digits = field.get_digits(self.env)
                    precision = digits[1] if digits else 9
                    differs = float_compare(here or 0, there or 0, precision_digits=precision) != 0
            if differs:
                changes[name] = (here, there)
        return changes

    def _stripe_get_differences(self, provider, obj, lookup):
        """Say how the record differs from its object at Stripe; without a record, that it is missing.

        :param payment.provider provider: The Stripe account.
        :param dict obj: The object.
        :param dict lookup: See `_prepare_stripe_lookup`.
        :return: For each field that differs: its name, what is here, what is there.
        :rtype: list[tuple[str, str, str]]
        """
        if obj.get("deleted"):
            return [("active", "True", "False")] if self and self.active else []
        if not self:
            return [("stripe_id", "", obj["id"])]
        return [
            (name, self._stripe_describe(name, here), self._stripe_describe(name, there))
            for name, (here, there) in self._stripe_get_changes(
                self._prepare_stripe_values(provider, obj, lookup)
            ).items()
        ]

    @api.model
    def _stripe_describe(self, name, value):
        """Return the value of a field as people read it.

        :param str name: Name of the field.
        :param value: As for `write`.
        :rtype: str
        """
        field = self._fields[name]
        if field.relational and value:
            return ", ".join(self.env[field.comodel_name].browse(value).mapped("display_name"))
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value) or ""
        return "" if value is False or value is None else str(value)

    # === BUSINESS METHODS - HELPERS === #

    @api.model
    def _stripe_get_selection(self, name, word):
        """Return the value of a selection field for a word of Stripe's, which may be a new one.

        Stripe may add words at any time. One that the field does not have is "other" here; the raw object
        keeps it.

        :param str name: Name of a selection field with a value "other".
        :param str|None word: What Stripe says.
        """
        if not word or word in self._fields[name].get_values(self.env):
            return word
        _logger.warning("Stripe says %s of %s, which is not known here", word, self._name)
        return "other"

    @api.model
    def _stripe_find(self, provider, stripe_ids):
        """Return the records of Stripe ids in one query, archived ones included.

        What has no id at Stripe, such as a draft, is never found.
        """
        stripe_ids = [stripe_id for stripe_id in stripe_ids if stripe_id]
        return self.with_context(active_test=False).search(
            [("provider_id", "=", provider.id), ("stripe_id", "in", stripe_ids)]
        )

    def _get_stripe_ids(self):
        """Return the Stripe ids of the records.

        :rtype: list[str]
        """
        return self.mapped("stripe_id")

    @api.model
    def _stripe_now(self):
        """Return the time of the database in unix seconds, unaffected by the transaction's start.

        :rtype: float
        """
        [(now,)] = self.env.execute_query(
            SQL("SELECT extract(epoch FROM clock_timestamp())::float8")
        )
        return now

    @api.model
    def _with_stripe_sync(self, provider):
        """Return the model as the writers use it: in the account's company, without notifications."""
        return self.sudo().with_company(provider.company_id).with_context(**const.SYNC_CONTEXT)

    def _stripe_dashboard_url(self):
        """Return the address of the object in Stripe's Dashboard.

        :raise UserError: When there is nothing at Stripe yet.
        """
        self.ensure_one()
        if not self.stripe_id:
            raise UserError(self.env._("This does not exist at Stripe yet."))
        mode = "" if self.livemode else "test/"
        return f"https://dashboard.stripe.com/{mode}{self._stripe_dashboard_path}/{self.stripe_id}"

    # === ACTION METHODS === #

    def action_stripe_dashboard(self):
        """Open the object in Stripe's Dashboard."""
        return {"type": "ir.actions.act_url", "url": self._stripe_dashboard_url(), "target": "new"}

    def action_stripe_events(self):
        """Show the events about the record."""
        self.check_access("read")
        return self.env["stripe.event"]._get_action(self._get_stripe_event_ids())

    def _get_stripe_event_ids(self):
        """Return the ids of the Stripe objects whose events are about the record.

        :rtype: list[str]
        """
        return self._get_stripe_ids()
