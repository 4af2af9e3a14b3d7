import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { RPCError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

/** The cards that a contact has at Stripe; read when its page is opened, kept nowhere. */
export class CustomerCards extends Component {
    static template = "stripe_subscriptions.CustomerCards";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.keepLast = new KeepLast();
        this.state = useState({ customers: [], error: "", loading: false, asked: "" });
        useRecordObserver((record) => this.observe(record));
    }

    /** Not waited for: the page is there at once, whatever time Stripe takes. */
    observe(record) {
        const customers = record.data.stripe_customer_ids.currentIds;
        const asked = customers.length ? `${record.resId}: ${customers}` : "";
        if (asked === this.state.asked) {
            return;
        }
        Object.assign(this.state, { customers: [], error: "", asked, loading: Boolean(asked) });
        if (asked) {
            this.load(record.resId);
        }
    }

    async load(partnerId) {
        const answer = this.orm.silent
            .call("res.partner", "get_stripe_cards", [[partnerId]])
            .then((customers) => ({ customers }))
            .catch((error) => ({ error: this.explain(error) }));
        Object.assign(this.state, await this.keepLast.add(answer), { loading: false });
    }

    /** What Odoo says to people, such as that they may not see it; anything else is no text for them. */
    explain(error) {
        const isForPeople =
            error instanceof RPCError && error.exceptionName?.startsWith("odoo.exceptions.");
        return isForPeople
            ? error.data.message
            : _t("The cards cannot be shown at the moment. Please try again in a minute.");
    }
}

registry.category("view_widgets").add("stripe_customer_cards", {
    component: CustomerCards,
    fieldDependencies: [{ name: "stripe_customer_ids", type: "one2many" }],
});
