"""The customer's pages: what they say, and what they do."""

from datetime import timedelta

from lxml import html
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeUnavailable
from odoo.tests import Form

from .portal_common import CHECKOUT_URL, SYNC, PortalCommon


class TestPortal(PortalCommon):
    # === LIST === #

    def _names(self, query=""):
        _response, page = self._get(f"/my/subscriptions{query}")
        return [" ".join(a.text_content().split()) for a in page.xpath("//tbody//td[1]//a")]

    def test_home_counts_only_what_the_customer_may_see(self):
        for user, count in ((self.owner, 1), (self.colleague, 1), (self.stranger, 0)):
            self.authenticate(user.login, user.login)
            answer = self.make_jsonrpc_request("/my/counters", {"counters": ["subscription_count"]})
            self.assertEqual(answer["subscription_count"], count, user.login)

    def test_home_has_the_card(self):
        self.authenticate(self.owner.login, self.owner.login)
        _response, page = self._get("/my")
        self.assertTrue(
            page.xpath("//*[@id='portal_client_category']//a[@href='/my/subscriptions']")
        )

    def test_list_shows_those_of_the_company(self):
        self._new_active("Running", "sub_run")
        self._new_subscription("Never sent", sent_at=False)
        for user in (self.owner, self.colleague):
            self.authenticate(user.login, user.login)
            self.assertEqual(self._names(), ["Running", "Team for Acme"])
        self.authenticate(self.stranger.login, self.stranger.login)
        self.assertEqual(self._names(), [])

    def test_list_shows_what_each_costs(self):
        self.authenticate(self.owner.login, self.owner.login)
        _response, page = self._get("/my/subscriptions")
        [row] = page.xpath("//tbody/tr")
        [plans] = row.xpath("td[2]")
        self.assertSays(plans, "Team workspace", "3 × $ 20.00 / month")

    def test_list_shows_the_next_charge_on_the_day_of_the_company(self):
        """23:30 UTC is the next day already in Brussels."""
        self._new_active("Running", "sub_run", current_period_end="2031-03-14 23:30:00")
        self.authenticate(self.owner.login, self.owner.login)
        _response, page = self._get("/my/subscriptions?filterby=running")
        self.assertSays(page, "Active", "03/15/2031")

    def test_filters_and_sortings(self):
        self._new_active("Beta", "sub_b", current_period_end="2031-01-01 12:00:00")
        self._new_active("Alpha", "sub_a", current_period_end="2031-02-01 12:00:00")
        self._new_active("Over", "sub_o", status="canceled")
        self.authenticate(self.owner.login, self.owner.login)
        self.assertEqual(self._names("?filterby=ended"), ["Over"])
        self.assertEqual(self._names("?filterby=invited"), ["Team for Acme"])
        self.assertEqual(self._names("?filterby=running&sortby=name"), ["Alpha", "Beta"])
        self.assertEqual(self._names("?filterby=running&sortby=next_charge"), ["Beta", "Alpha"])
        self.assertEqual(self._names("?filterby=nonsense&sortby=nonsense")[0], "Over")

    def test_pager(self):
        for number in range(21):
            self._new_subscription(f"No. {number}")
        self.authenticate(self.owner.login, self.owner.login)
        self.assertEqual(len(self._names()), 20)
        _response, page = self._get("/my/subscriptions/page/2")
        self.assertEqual(len(page.xpath("//tbody//td[1]//a")), 2)

    # === INVITATION === #

    def test_invitation_says_what_one_subscribes_to(self):
        """S1-10, S1-11, S1-15"""
        coupon = self.env["stripe.coupon"].create(
            {
                "name": "Welcome",
                "percent_off": 10,
                "duration": "once",
                "provider_id": self.provider.id,
                "stripe_id": "welcome",
            }
        )
        rates = self.env["stripe.tax.rate"].create(
            [
                {
                    "name": name,
                    "percentage": percentage,
                    "inclusive": inclusive,
                    "provider_id": self.provider.id,
                    "stripe_id": f"txr_{name}",
                }
                for name, percentage, inclusive in (("VAT", 21, False), ("City", 5.5, True))
            ]
        )
        self.draft.write(
            {
                "description": "All you need",
                "terms": "<p>Until canceled.</p>",
                "coupon_id": coupon.id,
                "tax_rate_ids": rates.ids,
            }
        )
        response, page = self._get(self._url(self.draft))
        self.assertEqual(response.status_code, 200)
        self.assertSays(
            page,
            "Team for Acme",
            "All you need",
            "Team workspace",
            "20.00 / month",
            "10% off once",
            "21%, added to the price",
            "5.5%, included in the price",
            "on the day you subscribe",
            "It shows the exact total, tax included",
        )
        [terms] = page.xpath("//div[contains(@class, 'o_stripe_subscription_terms')]")
        [button] = page.xpath("//form[contains(@class, 'o_stripe_subscription_form')]//button")
        self.assertSays(terms, "Until canceled.")
        self.assertIn(button, terms.xpath("following::button"))
        self.assertFalse(terms.xpath("following::h4"), "The terms are the last before the button.")

    def test_first_billing_date_ahead(self):
        self.draft.first_billing_date = self.draft._get_today() + timedelta(days=30)
        _response, page = self._get(self._url(self.draft))
        date = self.draft.first_billing_date
        self.assertSays(
            page, f"first time on {date:%B} {date.day}, {date.year}, and nothing before"
        )

    def test_first_billing_date_passed(self):
        self.env.cr.execute(
            "UPDATE stripe_subscription SET first_billing_date = '2020-01-01' WHERE id = %s",
            [self.draft.id],
        )
        self.draft.invalidate_recordset()
        _response, page = self._get(self._url(self.draft))
        self.assertSays(page, "on the day you subscribe")

    def test_plan_no_longer_sold(self):
        self.price.active = False
        _response, page = self._get(self._url(self.draft))
        self.assertSays(page, "cannot be subscribed to at the moment", "no longer sold")
        self.assertFalse(page.xpath("//form[contains(@class, 'o_stripe_subscription_form')]"))

    def test_in_the_language_of_the_visitor(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.draft.first_billing_date = self.draft._get_today() + timedelta(days=30)
        _response, page = self._get(f"/fr{self._url(self.draft)}")
        self.assertSays(page, "20,00", str(self.draft.first_billing_date.year))

    def test_opening_is_noted_once_and_only_of_customers(self):
        def notes():
            return self.draft.message_ids.filtered(lambda m: "opened by" in (m.body or ""))

        self._get(self._url(self.draft), headers={"Odoo-Link-Preview": "True"})
        self.assertFalse(notes())
        self._get(self._url(self.draft))
        self._get(self._url(self.draft))
        self.assertEqual(len(notes()), 1)
        self.assertIn("Owner", notes().body)
        self.assertEqual(notes().subtype_id, self.env.ref("mail.mt_note"))
        self.authenticate("admin", "admin")
        self._get(self._url(self.draft))
        self.assertEqual(len(notes()), 1)

    # === SUBSCRIBING === #

    def test_subscribe_and_return(self):
        """S1-21"""
        response = self._subscribe(self.draft)
        self.assertEqual((response.status_code, response.headers["Location"]), (303, CHECKOUT_URL))
        [(_service, _method, params)] = [
            c for c in self.stripe.calls if c[0] == "checkout.sessions"
        ]
        self.assertEqual(params["line_items"], [{"price": "price_1", "quantity": 3}])

        # Back without having paid: nothing has changed.
        _response, page = self._get(params["cancel_url"])
        self.assertTrue(page.xpath("//form[contains(@class, 'o_stripe_subscription_form')]"))
        self.assertEqual(self.draft.status, "draft")

        back = params["success_url"].replace("{CHECKOUT_SESSION_ID}", "cs_test_1")
        self._complete_checkout()
        for _again in range(2):
            _response, page = self._get(back)
            self.assertSays(page, "Thank you, you have subscribed", "Active", "April 16, 2030")
            self.assertFalse(page.xpath("//form[contains(@class, 'o_stripe_subscription_form')]"))
        self.assertEqual((self.draft.status, self.draft.stripe_id), ("active", "sub_1"))

    def test_second_click_gets_the_same_payment_page(self):
        self._subscribe(self.draft)
        response = self._subscribe(self.draft)
        self.assertEqual(response.headers["Location"], CHECKOUT_URL)
        self.assertEqual(len([c for c in self.stripe.calls if c[0] == "checkout.sessions"]), 1)

    def test_subscribed_meanwhile(self):
        self._subscribe(self.draft)
        self._complete_checkout()
        response = self._subscribe(self.draft)
        self.assertEqual(response.status_code, 303)
        self.assertEqual(response.headers["Location"], self._url(self.draft))
        self.assertEqual(self.draft.status, "active")

    def test_stripe_down_is_said_once(self):
        self.stripe.error = StripeUnavailable("No route")
        response = self._subscribe(self.draft)
        self.assertEqual(response.headers["Location"], self._url(self.draft))
        _response, page = self._get(self._url(self.draft))
        [alert] = page.xpath("//*[@role='alert']")
        self.assertSays(alert, "Stripe does not answer at the moment")
        self.stripe.error = None
        _response, page = self._get(self._url(self.draft))
        self.assertFalse(page.xpath("//*[@role='alert']"))

    def test_return_before_stripe_has_finished(self):
        self._subscribe(self.draft)
        back = self._url(self.draft, "/return") + "&session_id=cs_test_1"
        _response, page = self._get(back)
        self.assertSays(page, "Your subscription is not confirmed yet")
        [waiting] = page.xpath("//*[@data-status-url]")
        self.assertEqual(waiting.get("data-status"), "draft")
        [again] = page.xpath("//a[text()='Check again']/@href")
        self.assertEqual(again, back)
        status_url = waiting.get("data-status-url")
        self.assertEqual(self.url_open(status_url).json(), {"status": "draft"})

        self._complete_checkout()
        _response, page = self._get(again)
        self.assertSays(page, "Thank you, you have subscribed")
        self.assertEqual(self.url_open(status_url).json(), {"status": "active"})

    def test_return_while_stripe_is_down(self):
        self._subscribe(self.draft)
        self.stripe.error = StripeUnavailable("No route")
        logger = "odoo.addons.stripe_subscriptions.controllers.portal"
        with self.assertLogs(logger, "WARNING"):
            _response, page = self._get(self._url(self.draft, "/return") + "&session_id=cs_test_1")
        self.assertSays(page, "Your subscription is not confirmed yet", "Check again")
        self.assertFalse(page.xpath("//*[@role='alert']"))
        # The webhook has been faster than Stripe's answer.
        self.draft.with_context(**SYNC).write({"stripe_id": "sub_1", "status": "active"})
        with self.assertLogs(logger, "WARNING"):
            _response, page = self._get(self._url(self.draft, "/return") + "&session_id=cs_test_1")
        self.assertSays(page, "Thank you, you have subscribed")
        self.assertFalse(page.xpath("//*[@role='alert']"))

    def test_return_with_the_session_of_another(self):
        self._subscribe(self.draft)
        for query in ("&session_id=cs_test_2", "", "&session_id="):
            with self.assertLogs("odoo.addons.stripe_subscriptions.controllers.portal", "WARNING"):
                _response, page = self._get(self._url(self.draft, "/return") + query)
            self.assertSays(page, "belongs to another subscription")
            self.assertTrue(page.xpath("//form[contains(@class, 'o_stripe_subscription_form')]"))
            self.assertFalse(page.xpath("//*[@data-status-url]"))
        self.assertEqual(self.draft.status, "draft")

    # === AFTERWARDS === #

    def test_statuses_in_words(self):
        for number, (status, words) in enumerate(
            {
                "future": "You are charged for the first time on March 15, 2031",
                "trialing": "This is your trial",
                "past_due": "The last payment did not go through",
                "unpaid": "Your last invoices are not paid",
                "paused": "This subscription is paused",
                "canceled": "This subscription has ended",
                "incomplete": "Your first payment is not confirmed yet",
                "incomplete_expired": "this subscription never started",
            }.items()
        ):
            subscription = self._new_active(status, f"sub_{number}", status=status)
            response, page = self._get(self._url(subscription))
            self.assertEqual(response.status_code, 200, status)
            self.assertSays(page, words)
            self.assertFalse(page.xpath("//form[contains(@class, 'o_stripe_subscription_form')]"))

    def test_ends_on(self):
        subscription = self._new_active("Ending", "sub_e", cancel_at="2031-03-14 23:30:00")
        _response, page = self._get(self._url(subscription))
        self.assertSays(page, "This subscription ends on March 15, 2031", "Ending")
        self.assertNotIn("Next charge", page.text_content())

    def test_invoices_lead_to_odoos_own(self):
        subscription = self._new_active("Running", "sub_r")
        posted, _draft = moves = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": self.company_partner.id,
                    "invoice_date": "2030-01-05",
                    "stripe_subscription_id": subscription.id,
                    "invoice_line_ids": [(0, 0, {"name": "Team", "price_unit": 60, "tax_ids": []})],
                }
                for _number in range(2)
            ]
        )
        moves[0].action_post()
        _response, page = self._get(self._url(subscription))
        [table] = page.xpath("//table[contains(@class, 'o_stripe_subscription_invoices')]")
        self.assertEqual(len(table.xpath(".//tbody/tr")), 1)
        self.assertSays(table, posted.name, "01/05/2030", "60.00", "Open")
        link, pdf = table.xpath(".//a/@href")
        self.assertIn("report_type=pdf", pdf)
        response, page = self._get(link)
        self.assertEqual(response.status_code, 200)
        self.assertSays(page, posted.name)

    # === MAIL === #

    def test_mail_goes_to_the_primary_contact_with_the_link(self):
        """S1-17"""
        user = self.env["res.users"].create(
            {
                "name": "Staff",
                "login": "staff",
                "group_ids": [
                    self.env.ref("stripe_subscriptions.group_stripe_subscriptions_user").id
                ],
            }
        )
        self.draft.sent_at = False
        draft = self.draft.with_user(user)
        action = draft.action_send_by_email()
        composer = Form(
            self.env["mail.compose.message"].with_user(user).with_context(**action["context"])
        ).save()
        self.assertEqual(composer.partner_ids, self.owner.partner_id)
        composer._action_send_mail()
        self.assertTrue(self.draft.sent_at)
        mail = self.env["mail.mail"].search(
            [("model", "=", "stripe.subscription"), ("res_id", "=", self.draft.id)]
        )
        self.assertEqual(mail.recipient_ids, self.owner.partner_id)
        self.assertIn("Team for Acme", mail.subject)
        body = html.fromstring(mail.body_html)
        self.assertSays(body, "Hello Owner", "3 × Team workspace", "20.00 / month")
        [button] = [
            a for a in body.xpath("//a") if a.text_content().strip() == "Review and subscribe"
        ]
        _response, page = self._get(button.get("href"))
        self.assertTrue(page.xpath("//form[contains(@class, 'o_stripe_subscription_form')]"))

    def test_mail_is_in_the_language_of_the_contact(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.owner.partner_id.lang = "fr_FR"
        template = self.env.ref("stripe_subscriptions.mail_template_subscription_invitation")
        values = template._generate_template(self.draft.ids, ["body_html"])[self.draft.id]
        self.assertIn("20,00", values["body_html"])
