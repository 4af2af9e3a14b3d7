from odoo import http
from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.stripe_subscriptions import utils
from odoo.exceptions import UserError, ValidationError
from odoo.http import request

from . import portal_page

PATH = "/my/billing"
NOTICE_KEY = "notice_stripe_billing"
TEXTS = ("street", "street2", "zip", "city", "vat")
REQUIRED = ("street", "city", "country_id")
MAX_LENGTH = 128


class StripeBilling(CustomerPortal):
    """Address and tax id that are printed on the invoices of subscriptions. Stripe is told of changes."""

    @http.route(PATH, type="http", auth="user", methods=["GET", "POST"], website=True)
    def portal_billing(self, **form):
        """Show the details, or change them."""
        partner_sudo = (
            request.env["stripe.customer"]._portal_get_customers(request.env.user).partner_id[:1]
        )
        if not partner_sudo:
            return request.redirect("/my")
        errors = {}
        if request.httprequest.method == "POST":
            values, errors = self._read_billing(form)
            if not errors:
                errors = self._write_billing(partner_sudo, values)
            if not errors:
                request.session[NOTICE_KEY] = request.env._("Your billing details were changed.")
                return request.redirect(PATH, code=303)
        return portal_page.render(
            "stripe_subscriptions.portal_my_billing",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "stripe_billing",
                "partner": partner_sudo,
                "form": form if errors else self._prepare_billing_form(partner_sudo),
                "errors": errors,
                "notice": request.session.pop(NOTICE_KEY, None),
                "fields": self._prepare_billing_fields(),
            },
            status=422 if errors else 200,
        )

    # === HELPERS === #

    def _prepare_billing_fields(self):
        """Return the fields of the form in their order.

        :rtype: list[dict]
        """
        env = request.env
        states = env["res.country.state"].sudo().search([], order="country_id, name")
        rows = [
            ("street", env._("Street"), "col-12", "address-line1"),
            ("street2", env._("Street, second line"), "col-12", "address-line2"),
            ("zip", env._("Postal code"), "col-sm-4", "postal-code"),
            ("city", env._("City"), "col-sm-8", "address-level2"),
            ("country_id", env._("Country"), "col-sm-6", None),
            ("state_id", env._("State or province"), "col-sm-6", None),
            ("vat", env._("Tax id"), "col-12", "off"),
        ]
        options = {"country_id": env["res.country"].sudo().search([]), "state_id": states}
        return [
            {
                "name": name,
                "label": label,
                "class": column,
                "autocomplete": autocomplete,
                "required": name in REQUIRED,
                "options": options.get(name),
            }
            for name, label, column, autocomplete in rows
        ]

    def _prepare_billing_form(self, partner_sudo):
        """Return what the fields show.

        :rtype: dict[str, str]
        """
        return {
            **{name: partner_sudo[name] or "" for name in TEXTS},
            "country_id": str(partner_sudo.country_id.id or ""),
            "state_id": str(partner_sudo.state_id.id or ""),
        }

    def _read_billing(self, form):
        """Return the values that a form has, and what is wrong with it.

        :param dict form: Texts by name.
        :return: Values of the contact; messages by field.
        :rtype: tuple[dict, dict[str, str]]
        """
        values = {name: (form.get(name) or "").strip()[:MAX_LENGTH] or False for name in TEXTS}
        for name, model in (("country_id", "res.country"), ("state_id", "res.country.state")):
            key = utils.to_number(form.get(name))
            values[name] = request.env[model].sudo().browse(key).exists().id
        errors = {
            name: request.env._("Please fill this in.") for name in REQUIRED if not values[name]
        }
        state = request.env["res.country.state"].sudo().browse(values["state_id"] or ())
        if state.country_id.id not in (False, values["country_id"]):
            errors["state_id"] = request.env._("This state is not in that country.")
        return values, errors

    def _write_billing(self, partner_sudo, values):
        """Change the contact, and note who did it.

        :return: Messages by field.
        :rtype: dict[str, str]
        """
        changed = {
            name: value
            for name, value in values.items()
            if value != (partner_sudo[name].id if name.endswith("_id") else partner_sudo[name])
        }
        if not changed:
            return {}
        try:
            with request.env.cr.savepoint():
                partner_sudo.write(changed)
        except (UserError, ValidationError) as error:
            return {"vat" if "vat" in changed else "street": str(error)}
        labels = [partner_sudo._fields[name]._description_string(request.env) for name in changed]
        partner_sudo.message_post(
            body=request.env._("Changed in the portal: %s", ", ".join(labels)),
            author_id=request.env.user.partner_id.id,
        )
        return {}
