import { onMounted, onWillUnmount } from "@odoo/owl";
import { registry } from "@web/core/registry";
import {
    ProgressBarField,
    progressBarField,
} from "@web/views/fields/progress_bar/progress_bar_field";

const SECONDS = 2;

/** The progress of a job that is at work: looks again from time to time. */
export class JobProgressField extends ProgressBarField {
    setup() {
        super.setup();
        onMounted(() => {
            this.timer = setInterval(() => this.refresh(), SECONDS * 1000);
        });
        onWillUnmount(() => clearInterval(this.timer));
    }

    async refresh() {
        const { record } = this.props;
        if (!document.hidden && ["waiting", "running"].includes(record.data.state)) {
            await record.load();
        }
    }
}

registry.category("fields").add("stripe_job_progress", {
    ...progressBarField,
    component: JobProgressField,
});
