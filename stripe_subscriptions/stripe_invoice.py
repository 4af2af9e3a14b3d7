"""A Stripe invoice in exact major units: what booking needs, without ORM."""

from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal

from odoo.addons.stripe_subscriptions import utils

# Why nothing is due of a tax, whatever its rate.
NOT_DUE = {
    *("customer_exempt", "excluded_territory", "jurisdiction_unsupported", "not_collecting"),
    *("not_subject_to_tax", "not_supported", "product_exempt", "product_exempt_holiday"),
    *("reverse_charge", "vat_exempt"),
}


@dataclass(frozen=True)
class Tax:
    """A tax on a line.

    :param str tax_rate_id: Id of the Stripe tax rate.
    :param Decimal amount: Major units.
    :param Decimal base: What it was computed on, without tax, in major units.
    :param bool due: False where nothing is to be collected, such as by reverse charge.
    """

    tax_rate_id: str
    amount: Decimal
    base: Decimal
    due: bool = True


@dataclass(frozen=True)
class Line:
    """A line of an invoice.

    :param str description: As Stripe prints it.
    :param str|None price_id: Id of the Stripe price.
    :param str|None product_id: Id of the Stripe product.
    :param tuple[int, int]|None period: What it pays for, as unix seconds of start and end.
    :param Decimal quantity: Number of units.
    :param Decimal amount: Before discounts, with the taxes that are included in the price.
    :param Decimal discount: What discounts take off that.
    :param Decimal net: After discounts, without any tax.
    :param list[Tax] taxes: The taxes on it.
    :param bool plain: To be booked as one unit of its amount, see `Invoice.get_lines`.
    """

    description: str
    price_id: str | None
    product_id: str | None
    period: tuple[int, int] | None
    quantity: Decimal
    amount: Decimal
    discount: Decimal
    net: Decimal
    taxes: list[Tax] = field(default_factory=list)
    plain: bool = False

    def get_unit_price(self, decimals):
        """Return quantity, unit price and discount in percent that give the line's amount exactly.

        :param int decimals: Number of decimals to which Odoo rounds the line.
        :return: As floats; where Stripe's own figures do not give the amount (tiers, minimum
            amounts, odd discounts): one unit of the amount, without discount.
        :rtype: tuple[float, float, float]
        """
        if self._is_exact(decimals):
            unit = self.amount / self.quantity
            return float(self.quantity), float(unit), float(self._get_percent())
        return 1.0, float(self.amount - self.discount), 0.0

    def get_unrounded(self, decimals):
        """Return what Odoo makes of quantity, unit price and discount before it rounds.

        :param int decimals: Number of decimals to which Odoo rounds the line.
        :rtype: Decimal
        """
        return self._get_reduced() if self._is_exact(decimals) else self.amount - self.discount

    def _is_exact(self, decimals):
        """Return whether quantity, unit price and discount give the line's amount, once it is rounded."""
        if self.plain or not self.quantity or not self.amount:
            return False
        unit = self.amount / self.quantity
        exact_unit = unit == unit.quantize(Decimal("1e-6"))
        return exact_unit and _round(self._get_reduced(), decimals) == self.amount - self.discount

    def _get_reduced(self):
        return self.amount * (1 - self._get_percent() / 100)

    def _get_percent(self):
        """The discount; Odoo keeps two decimals of it."""
        return (self.discount / self.amount * 100).quantize(Decimal("0.01"))


@dataclass(frozen=True)
class Invoice:
    """An invoice.

    :param Decimal total: With taxes and after discounts, as Stripe says.
    :param Decimal tax: Sum of all taxes, as Stripe says.
    :param list[Line] lines: Its lines.
    """

    total: Decimal
    tax: Decimal
    lines: list[Line]

    def get_lines(self, decimals):
        """Return the lines so that Odoo, too, adds them up to Stripe's total.

        Amounts of lines without taxes are added up before they are rounded: what discounts leave of a
        hundredth on each may become one. Then these lines are plain, each one unit of its amount.

        :param int decimals: Number of decimals to which Odoo rounds.
        :rtype: list[Line]
        """
        free = [line for line in self.lines if not any(tax.due for tax in line.taxes)]
        unrounded = sum(line.get_unrounded(decimals) for line in free)
        if _round(unrounded, decimals) == sum(line.amount - line.discount for line in free):
            return self.lines
        return [replace(line, plain=bool(line.discount)) for line in self.lines]

    def get_amounts(self):
        """Return the amounts that are booked: of each line without taxes, and of its taxes.

        :rtype: list[Decimal]
        """
        taxes = [tax.amount for line in self.lines for tax in line.taxes]
        return [*(line.net for line in self.lines), *taxes]


def _round(amount, decimals):
    return Decimal(amount).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def parse(obj):
    """Return a Stripe invoice in major units.

    :param dict obj: The invoice with all its lines.
    :rtype: Invoice
    """
    currency = obj["currency"]

    def major(amount):
        return utils.to_major_decimal(amount, currency)

    return Invoice(
        total=major(obj["total"]),
        tax=sum((major(tax["amount"]) for tax in obj.get("total_taxes") or []), Decimal(0)),
        lines=[_parse_line(line, major) for line in obj["lines"]["data"]],
    )


def _parse_line(line, major):
    """Return a line of a Stripe invoice in major units.

    :param dict line: The line.
    :param Callable[[int], Decimal] major: Converts minor units.
    :rtype: Line
    """
    amount = major(line["amount"])
    discount = sum(
        (major(part["amount"]) for part in line.get("discount_amounts") or []), Decimal(0)
    )
    merged = {}
    inclusive = Decimal(0)
    for tax in line.get("taxes") or []:
        rate_id = utils.path(tax, "tax_rate_details.tax_rate")
        if not rate_id:
            continue
        if tax["tax_behavior"] == "inclusive":
            inclusive += major(tax["amount"])
        tax_amount, base, due = merged.get(rate_id, (Decimal(0), Decimal(0), False))
        merged[rate_id] = (
            tax_amount + major(tax["amount"]),
            base + major(tax.get("taxable_amount") or 0),
            due or bool(tax["amount"]) or tax.get("taxability_reason") not in NOT_DUE,
        )
    return Line(
        description=line.get("description") or "",
        price_id=utils.object_id(utils.path(line, "pricing.price_details.price")) or None,
        product_id=utils.object_id(utils.path(line, "pricing.price_details.product")) or None,
        period=_parse_period(line),
        quantity=Decimal(str(line.get("quantity") or 0)),
        amount=amount,
        discount=discount,
        net=amount - discount - inclusive,
        taxes=[Tax(rate_id, *amounts) for rate_id, amounts in merged.items()],
    )


def _parse_period(line):
    """Return start and end of what a line pays for; None for what is due at one moment.

    :param dict line: The line; those of credit notes have no period.
    :rtype: tuple[int, int]|None
    """
    start, end = utils.path(line, "period.start"), utils.path(line, "period.end")
    return (start, end) if start and end and start < end else None
