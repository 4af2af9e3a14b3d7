"""What the customer's pages have in common, whatever they are about."""

from odoo.http import request

# Nobody else may show these pages in a frame, and going back shows how things stand now.
HEADERS = {
    "X-Frame-Options": "SAMEORIGIN",
    "Content-Security-Policy": "frame-ancestors 'self'",
    "Cache-Control": "no-store",
}


def render(template, values, status=200):
    """Return a page that says in which language it is, as screen readers need it.

    :param str template: External id.
    :param dict values: For the template.
    :param int status: HTTP status.
    """
    code = request.env.lang or "en_US"
    direction = request.env["res.lang"]._get_data(code=code).direction or "ltr"
    language = {"lang": code.replace("_", "-"), "dir": direction}
    response = request.render(template, {"html_data": language, **values}, status=status)
    response.headers.update(HEADERS)
    return response
