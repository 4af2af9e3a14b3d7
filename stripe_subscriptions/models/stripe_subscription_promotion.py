from odoo import fields, models
from odoo.addons.stripe_subscriptions import const, utils
from odoo.exceptions import UserError


class StripeSubscription(models.Model):
    """Promotion codes: what customers type to give themselves a coupon.

    One discount at a time: where staff or a code have given one, no other is taken.

    https://docs.stripe.com/billing/subscriptions/coupons#promotion-codes
    """

    _inherit = "stripe.subscription"

    # === FIELDS === #

    promotion_code = fields.Char(
        help="The code that the customer has entered; its coupon is that of the subscription.",
        readonly=True,
        copy=False,
    )
    promotion_code_key = fields.Char(
        string="Promotion Code ID", readonly=True, copy=False, groups="base.group_system"
    )
    promotion_failures = fields.Integer(
        help="How often a code was entered that is not valid.",
        readonly=True,
        copy=False,
        groups="base.group_system",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `base`: another coupon is not that of the code any more."""
        if "coupon_id" in vals and "promotion_code" not in vals:
            vals = {**vals, "promotion_code": False, "promotion_code_key": False}
        return super().write(vals)

    # === BUSINESS METHODS - SIGN-UP === #

    def _prepare_discount_params(self):
        """Return Stripe's `discounts` of a draft; None without one."""
        self.ensure_one()
        key = self.sudo().promotion_code_key
        if key:
            return [{"promotion_code": key}]
        return [{"coupon": self.coupon_id.stripe_id}] if self.coupon_id else None

    def _stripe_enter_promotion(self, code):
        """Give a draft the coupon of a promotion code.

        :param str code: As the customer has typed it.
        :raise UserError: When it is not valid for the subscription, or Stripe cannot be reached.
        """
        self._check_draft()
        if not self._can_take_promotion():
            raise UserError(self.env._("There is a discount already."))
        promotion = self._stripe_find_promotion(code)
        coupon = self._stripe_get_promotion_coupon(promotion)
        with self.env.cr.savepoint():
            # What it asks for is checked by Stripe, before anybody relies on it.
            self.write(
                {
                    "coupon_id": coupon.id,
                    "promotion_code": promotion["code"],
                    "promotion_code_key": promotion["id"],
                }
            )
            self._stripe_preview_offer(coupon)

    def _stripe_leave_promotion(self):
        """Take the promotion code of a draft away, with its coupon."""
        self._check_draft()
        if self.promotion_code:
            self.write({"coupon_id": False})

    # === BUSINESS METHODS - ACTING === #

    def _can_take_promotion(self):
        """Return whether there is no discount yet."""
        self.ensure_one()
        discounts = (self.sudo().stripe_data or {}).get("discounts")
        return not (self.coupon_id or discounts)

    def _stripe_add_promotion(self, code):
        """Give a running subscription the discount of a promotion code, exactly once.

        :param str code: As the customer has typed it.
        :raise UserError: When it is not valid for the subscription, or Stripe refuses.
        """
        self._stripe_begin("coupon")
        if not self._can_take_promotion():
            raise UserError(self.env._("There is a discount already."))
        promotion = self._stripe_find_promotion(code)
        coupon = self._stripe_get_promotion_coupon(promotion)
        self._stripe_update("promotion", {"discounts": [{"promotion_code": promotion["id"]}]})
        self._stripe_end(
            self.env._(
                "Promotion code %(code)s: %(coupon)s, from the next invoice on.",
                code=promotion["code"],
                coupon=coupon._get_discount_text(),
            )
        )

    def _stripe_preview_promotion(self, code):
        """Return the next invoice with the discount of a promotion code; see `_stripe_preview`.

        :rtype: dict|None
        """
        promotion = self._stripe_find_promotion(code)
        return self._stripe_preview(discounts=[{"promotion_code": promotion["id"]}])

    # === BUSINESS METHODS - STRIPE === #

    def _stripe_find_promotion(self, code):
        """Return the promotion code at Stripe.

        Codes cannot be found by trying: after some that are not valid no other is looked for.

        :param str code: As the customer has typed it.
        :rtype: dict
        :raise UserError: When there is none, or Stripe cannot be reached.
        """
        self.ensure_one()
        subscription, provider = self.sudo(), self.provider_id.sudo()
        if subscription.promotion_failures >= const.MAX_PROMOTION_FAILURES:
            raise UserError(
                self.env._("Too many codes were not valid. Please get in touch with us.")
            )
        code = (code or "").strip()
        if not code:
            raise UserError(self.env._("Enter a code."))
        params = {"code": code[: const.MAX_PROMOTION_CODE], "active": True, "limit": 10}
        found = provider._stripe_request("promotion_codes", "list", params=params)["data"]
        customer = self.env["stripe.customer"]._stripe_get(provider, self.partner_id)
        own = [
            p for p in found if utils.object_id(p.get("customer")) in (False, customer.stripe_id)
        ]
        if not own:
            raise UserError(self.env._("The code %s is not valid.", code))
        return own[0]

    def _stripe_get_promotion_coupon(self, promotion):
        """Return the coupon of a promotion code; one that Odoo does not know yet is fetched.

        :param dict promotion: The promotion code.
        :rtype: stripe.coupon
        :raise UserError: When Stripe cannot be reached.
        """
        provider = self.provider_id.sudo()
        key = utils.object_id(utils.path(promotion, "promotion.coupon"))
        coupons = self.env["stripe.coupon"].sudo()
        coupon = coupons._stripe_find(provider, [key])
        if not coupon:
            provider._stripe_sync([("coupon", key)])
            coupon = coupons._stripe_find(provider, [key])
        return coupon
