"""Fills the demo's database; runs in an Odoo shell, where `env` is there. BASE_URL is put before it."""

# ruff: noqa: F821
from odoo.tools import convert_file

convert_file(
    env, "stripe_subscriptions", "demo/res_partner_demo.xml", {}, mode="init", noupdate=True
)
company = env.ref("base.main_company")
company.write({"name": "Northern Light Software", "email": "billing@demo.example"})
company.partner_id.tz = "Europe/Brussels"
parameters = env["ir.config_parameter"]
parameters.set_param("web.base.url", BASE_URL)
parameters.set_param("web.base.url.freeze", "True")
for name, rate in (("EUR", 0.92), ("JPY", 151.0), ("KWD", 0.307)):
    currency = env["res.currency"].with_context(active_test=False).search([("name", "=", name)])
    currency.active = True
    currency.rate_ids.unlink()
    env["res.currency.rate"].create(
        {"currency_id": currency.id, "name": "2020-01-01", "rate": rate, "company_id": company.id}
    )

admin = env.ref("base.user_admin")
admin.write({"login": "admin", "password": "admin", "email": "admin@demo.example"})
env["res.users"].with_context(no_reset_password=True).create(
    {
        "name": "Paula Ledger",
        "login": "accountant",
        "password": "accountant",
        "email": "paula@demo.example",
        "group_ids": [
            (4, env.ref("base.group_user").id),
            (4, env.ref("account.group_account_manager").id),
            (4, env.ref("account.group_account_user").id),
            (4, env.ref("stripe_subscriptions.group_stripe_subscriptions_user_all").id),
        ],
    }
)
for login, reference in (("ada", "demo_contact_ada"), ("mira", "demo_person_mira")):
    partner = env.ref(f"stripe_subscriptions.{reference}")
    env["res.users"].with_context(no_reset_password=True).create(
        {
            "login": login,
            "password": login,
            "partner_id": partner.id,
            "group_ids": [(6, 0, [env.ref("base.group_portal").id])],
        }
    )
pricelist = env["product.pricelist"].create(
    {"name": "Euro", "currency_id": env.ref("base.EUR").id, "company_id": company.id}
)
env.ref("stripe_subscriptions.demo_person_mira").property_product_pricelist = pricelist
env.cr.commit()
