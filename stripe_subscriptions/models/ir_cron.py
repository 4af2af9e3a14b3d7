from odoo import api, models


class IrCron(models.Model):
    """The lanes are cron jobs whose ids are kept: a change of any job forgets them."""

    _inherit = "ir.cron"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `base`: there may be a lane among them."""
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        """Override of `base`: a lane may have been switched on or off."""
        if "active" in vals or "code" in vals:
            self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        """Override of `base`: a lane may be gone."""
        self.env.registry.clear_cache()
        return super().unlink()
