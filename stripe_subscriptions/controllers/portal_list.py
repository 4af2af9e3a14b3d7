from collections import OrderedDict

from odoo import http
from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager
from odoo.addons.stripe_subscriptions import const
from odoo.fields import Domain
from odoo.http import request

from . import portal_page

# Rows of a page: on a phone each takes three lines.
PAGE_SIZE = 20


class StripeSubscriptionList(CustomerPortal):
    """The customer's subscriptions: on the home page, and as a list."""

    # === HOME === #

    def _prepare_home_portal_values(self, counters):
        """Override of `portal`."""
        values = super()._prepare_home_portal_values(counters)
        if "subscription_count" in counters:
            subscription_model = request.env["stripe.subscription"]
            values["subscription_count"] = (
                subscription_model.search_count(self._prepare_subscriptions_domain(), limit=1)
                if subscription_model.has_access("read")
                else 0
            )
        if "stripe_card_count" in counters:
            customers = request.env["stripe.customer"]._portal_get_customers(request.env.user)
            values["stripe_card_count"] = len(customers)
        return values

    # === LIST === #

    def _prepare_subscriptions_domain(self):
        """Return what the user has subscribed to or was invited to, with the own company.

        Who may see what of it is said by the access rule for portal users; this keeps staff, who are not
        bound by it, to their own.
        """
        partner = request.env.user.partner_id.commercial_partner_id
        return (
            Domain("partner_id", "child_of", partner.ids)
            & Domain("company_id.stripe_portal_show", "=", True)
            & (Domain("status", "!=", "draft") | Domain("sent_at", "!=", False))
        )

    def _get_subscription_searchbar_sortings(self):
        return {
            "date": {"label": request.env._("Newest"), "order": "create_date desc, id desc"},
            "name": {"label": request.env._("Name"), "order": "name, id"},
            "next_charge": {
                "label": request.env._("Next charge"),
                "order": "next_charge_at, id desc",
            },
            "status": {"label": request.env._("Status"), "order": "status, id desc"},
        }

    def _get_subscription_searchbar_filters(self):
        return OrderedDict(
            all={"label": request.env._("All"), "domain": Domain.TRUE},
            invited={
                "label": request.env._("Waiting for you"),
                "domain": Domain("status", "in", ("draft", "incomplete")),
            },
            running={
                "label": request.env._("Running"),
                "domain": Domain("status", "in", const.LIVE_STATUSES),
            },
            ended={
                "label": request.env._("Ended"),
                "domain": Domain("status", "in", const.ENDED_STATUSES),
            },
        )

    def _get_subscription_searchbar_groupings(self):
        return {
            "none": {"label": request.env._("None")},
            "status": {"label": request.env._("Status")},
            "contact_id": {"label": request.env._("Primary contact")},
        }

    @http.route(
        ["/my/subscriptions", "/my/subscriptions/page/<int:page>"],
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
        readonly=True,
    )
    def portal_my_subscriptions(self, page=1, sortby=None, filterby=None, groupby=None, **_kwargs):
        """List the subscriptions of the user's company.

        :param int page: From 1.
        :param str sortby: Key of `_get_subscription_searchbar_sortings`.
        :param str filterby: Key of `_get_subscription_searchbar_filters`.
        :param str groupby: Key of `_get_subscription_searchbar_groupings`.
        """
        values = self._prepare_searchbar_values(sortby, filterby, groupby)
        groupby = values["groupby"]
        subscription_model = request.env["stripe.subscription"]
        domain = self._prepare_subscriptions_domain()
        domain &= values["searchbar_filters"][values["filterby"]]["domain"]
        if not subscription_model.has_access("read"):
            domain = Domain.FALSE
        pager = portal_pager(
            url="/my/subscriptions",
            total=subscription_model.search_count(domain),
            page=page,
            step=PAGE_SIZE,
            url_args={name: values[name] for name in ("sortby", "filterby", "groupby")},
        )
        order = values["searchbar_sortings"][values["sortby"]]["order"]
        subscriptions = subscription_model.search(
            domain,
            order=order if groupby == "none" else f"{groupby}, {order}",
            limit=PAGE_SIZE,
            offset=pager["offset"],
        )
        request.session["my_subscriptions_history"] = subscriptions.ids[:100]
        # Sudo: the plans behind the lines, which customers may not read as such.
        subscriptions = subscriptions.sudo()
        values |= {
            **self._prepare_portal_layout_values(),
            "groups": list(subscriptions.grouped(groupby).values())
            if groupby != "none"
            else [subscriptions],
            "stripe_subscriptions": subscriptions,
            "page_name": "stripe_subscription",
            "default_url": "/my/subscriptions",
            "pager": pager,
        }
        return portal_page.render("stripe_subscriptions.portal_my_subscriptions", values)

    def _prepare_searchbar_values(self, sortby, filterby, groupby):
        """Return what the list can be sorted, filtered and grouped by, and what of it is chosen.

        :rtype: dict
        """
        values = {
            "searchbar_sortings": self._get_subscription_searchbar_sortings(),
            "searchbar_filters": self._get_subscription_searchbar_filters(),
            "searchbar_groupby": self._get_subscription_searchbar_groupings(),
        }
        for name, chosen, table, default in (
            ("sortby", sortby, "searchbar_sortings", "date"),
            ("filterby", filterby, "searchbar_filters", "all"),
            ("groupby", groupby, "searchbar_groupby", "none"),
        ):
            values[name] = chosen if chosen in values[table] else default
        return values
