"""Tables that came after the 124 of the data model, one a line."""

ADDED = {
    "render.deliveries",
    "render.delivery_attempts",
    "render.delivery_targets",
    "render.engine_speeds",
    "render.film_forecasts",
    "render.finish_speeds",
    "render.frame_attempts",
    "render.frame_speeds",
    "render.node_pictures",
    "render.node_speeds",
    "render.template_flags",
    "render.tenant_shares",
}
