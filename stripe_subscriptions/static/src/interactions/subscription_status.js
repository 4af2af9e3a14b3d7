import { registry } from "@web/core/registry";
import { Interaction } from "@web/public/interaction";

// [number of questions, milliseconds before each of them]; about ten minutes in all.
const SCHEDULE = [
    [10, 2000],
    [12, 5000],
    [34, 15000],
];

/**
 * Waits on a subscription's page until its status changes, then shows what the page says now.
 *
 * The page works without it, through its "check again" link.
 */
export class SubscriptionStatus extends Interaction {
    static selector = ".o_stripe_subscription[data-status-url]";

    dynamicContent = {
        ".o_stripe_subscription_live": {
            "t-att-class": () => ({ "d-none": !this.delays.length }),
        },
    };

    setup() {
        this.delays = SCHEDULE.flatMap(([count, delay]) => Array(count).fill(delay));
    }

    start() {
        this.askLater();
    }

    askLater() {
        const delay = this.delays.shift();
        if (delay) {
            this.waitForTimeout(() => this.ask(), delay);
        } else {
            this.updateContent();
        }
    }

    async ask() {
        const status = await this.waitFor(this.fetchStatus());
        if (status && status !== this.el.dataset.status && (await this.waitFor(this.showPage()))) {
            return;
        }
        this.askLater();
    }

    /**
     * @returns {Promise<string|undefined>} nothing while the server cannot be reached
     */
    async fetchStatus() {
        const response = await this.get(this.el.dataset.statusUrl);
        return response && (await response.json()).status;
    }

    /**
     * Replaces the content by that of the same page as the server renders it now.
     *
     * @returns {Promise<boolean>} whether it was replaced
     */
    async showPage() {
        const response = await this.get(window.location.href);
        const page = new DOMParser().parseFromString(
            response ? await response.text() : "",
            "text/html"
        );
        const content = page.querySelector(".o_stripe_subscription");
        if (!content) {
            return false;
        }
        this.el.dataset.status = content.dataset.status;
        this.el.replaceChildren(...content.childNodes);
        this.services["public.interactions"].startInteractions(this.el);
        return true;
    }

    /**
     * @param {string} url
     * @returns {Promise<Response|undefined>} nothing when the network or the server fails
     */
    async get(url) {
        try {
            const response = await fetch(url, { cache: "no-store" });
            return response.ok ? response : undefined;
        } catch (error) {
            if (error instanceof TypeError) {
                // What `fetch` throws without a network: asked again later.
                return undefined;
            }
            throw error;
        }
    }
}

registry
    .category("public.interactions")
    .add("stripe_subscriptions.subscription_status", SubscriptionStatus);
