"""Which kind of Stripe's tax ids a contact's tax id is. Pure; from docs.stripe.com/billing/customer/tax-ids."""

import re

# Member states of the European Union as their tax ids begin; Northern Ireland is XI there.
EUROPEAN_UNION = {
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "HR", "HU", "IE"),
    *("IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK", "XI"),
}
# Odoo's country codes that differ from what tax ids begin with.
PREFIXES = {"GR": "EL"}

# Country -> the one kind that companies there are known by.
KINDS = {
    "AE": "ae_trn",
    "AL": "al_tin",
    "AM": "am_tin",
    "AR": "ar_cuit",
    "AU": "au_abn",
    "BA": "ba_tin",
    "BH": "bh_vat",
    "BO": "bo_tin",
    "BR": "br_cnpj",
    "BY": "by_tin",
    "CH": "ch_vat",
    "CL": "cl_tin",
    "CN": "cn_tin",
    "CO": "co_nit",
    "CR": "cr_tin",
    "DO": "do_rcn",
    "EC": "ec_ruc",
    "EG": "eg_tin",
    "GB": "gb_vat",
    "GE": "ge_vat",
    "HK": "hk_br",
    "ID": "id_npwp",
    "IL": "il_vat",
    "IN": "in_gst",
    "IS": "is_vat",
    "JP": "jp_trn",
    "KE": "ke_pin",
    "KR": "kr_brn",
    "KZ": "kz_bin",
    "LI": "li_vat",
    "MA": "ma_vat",
    "MD": "md_vat",
    "ME": "me_pib",
    "MK": "mk_vat",
    "MX": "mx_rfc",
    "NG": "ng_tin",
    "NO": "no_vat",
    "NZ": "nz_gst",
    "OM": "om_vat",
    "PE": "pe_ruc",
    "PH": "ph_tin",
    "PY": "py_ruc",
    "RS": "rs_pib",
    "RU": "ru_inn",
    "SA": "sa_vat",
    "SV": "sv_nit",
    "TH": "th_vat",
    "TR": "tr_tin",
    "TW": "tw_vat",
    "TZ": "tz_vat",
    "UA": "ua_vat",
    "US": "us_ein",
    "UY": "uy_ruc",
    "VE": "ve_rif",
    "VN": "vn_tin",
    "ZA": "za_vat",
}


def clean(number):
    """Return a tax id without what may be written differently: letters and digits only.

    :param str|bool number: As people write it.
    :rtype: str
    """
    return re.sub(r"[^A-Z0-9]", "", (number or "").upper())


def kind_of(number, country_code):
    """Return the kind of a contact's tax id at Stripe, or None when Stripe has none for it.

    :param str number: The tax id, with or without the country in front.
    :param str|bool country_code: ISO code of the contact's country.
    :rtype: str|None
    """
    number = clean(number)
    country = (country_code or "").upper()
    prefix = PREFIXES.get(country, country)
    if number[:2] in EUROPEAN_UNION and (not country or number[:2] in (prefix, "XI")):
        return "eu_vat"
    if country == "SG":
        return "sg_gst" if re.fullmatch(r"M\d{8}X", number) else "sg_uen"
    if country == "CA":
        return "ca_gst_hst" if re.fullmatch(r"\d{9}RT\d{4}", number) else "ca_bn"
    if country == "BR":
        return "br_cpf" if len(number) == 11 else "br_cnpj"
    return KINDS.get(country)
