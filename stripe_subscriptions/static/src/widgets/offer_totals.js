import { Component, onWillDestroy, useState } from "@odoo/owl";
import { serializeDate } from "@web/core/l10n/dates";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

const PAUSE = 600;
const LINKS = ["partner_id", "contact_id", "provider_id", "currency_id", "coupon_id"];
const SCALARS = ["trial_days", "automatic_tax"];
const DATES = ["trial_until", "first_billing_date"];

/** What a draft costs, as Stripe says; asked for again when something that counts has changed. */
export class OfferTotals extends Component {
    static template = "stripe_subscriptions.OfferTotals";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.keepLast = new KeepLast();
        this.state = useState({ rows: [], error: "", loading: false });
        this.asked = "";
        onWillDestroy(() => clearTimeout(this.timer));
        useRecordObserver((record) => this.observe(record));
    }

    /** Reads every field that counts, so that a change of any of them leads here again. */
    observe(record) {
        const { data } = record;
        const values = {};
        for (const name of LINKS) {
            values[name] = data[name]?.id || false;
        }
        for (const name of SCALARS) {
            values[name] = data[name];
        }
        for (const name of DATES) {
            values[name] = data[name] ? serializeDate(data[name]) : false;
        }
        values.tax_rate_ids = data.tax_rate_ids.currentIds;
        values.items = data.item_ids.records.map((item) => ({
            price_id: item.data.price_id?.id || false,
            quantity: item.data.quantity,
        }));
        if (data.status !== "draft") {
            return;
        }
        const question = JSON.stringify(values);
        if (question === this.asked) {
            return;
        }
        clearTimeout(this.timer);
        const first = !this.asked;
        this.asked = question;
        this.timer = setTimeout(() => this.ask(values), first ? 0 : PAUSE);
    }

    async ask(values) {
        this.state.loading = true;
        const answer = await this.keepLast.add(
            this.orm.silent.call("stripe.subscription", "get_offer_totals", [values])
        );
        Object.assign(this.state, { rows: [], error: "", ...answer, loading: false });
    }
}

registry.category("view_widgets").add("stripe_offer_totals", {
    component: OfferTotals,
    fieldDependencies: [
        { name: "status", type: "selection" },
        { name: "contact_id", type: "many2one" },
        { name: "provider_id", type: "many2one" },
        { name: "currency_id", type: "many2one" },
        { name: "trial_until", type: "date" },
        { name: "first_billing_date", type: "date" },
    ],
});
