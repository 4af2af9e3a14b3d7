import { registry } from "@web/core/registry";
import { Interaction } from "@web/public/interaction";

/**
 * Shows that the payment page is being prepared, and takes a double click for one.
 */
export class SubscribeForm extends Interaction {
    static selector = ".o_stripe_subscription_form";

    dynamicContent = {
        _root: { "t-on-submit": () => (this.isSubmitted = true) },
        _window: { "t-on-pageshow": () => (this.isSubmitted = false) },
        "button[type=submit]": {
            "t-att-disabled": () => this.isSubmitted,
        },
        ".spinner-border": { "t-att-class": () => ({ "d-none": !this.isSubmitted }) },
    };

    setup() {
        this.isSubmitted = false;
    }
}

registry.category("public.interactions").add("stripe_subscriptions.subscribe_form", SubscribeForm);
