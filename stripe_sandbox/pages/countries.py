"""Countries and regions that can be chosen as a billing address: ISO 3166 codes and English names."""

from __future__ import annotations

_LIST = """
AE United Arab Emirates|AL Albania|AM Armenia|AR Argentina|AT Austria|AU Australia|AZ Azerbaijan
BA Bosnia and Herzegovina|BD Bangladesh|BE Belgium|BG Bulgaria|BH Bahrain|BO Bolivia|BR Brazil|CA Canada
CH Switzerland|CI Côte d’Ivoire|CL Chile|CM Cameroon|CN China|CO Colombia|CR Costa Rica|CY Cyprus|CZ Czechia
DE Germany|DK Denmark|DO Dominican Republic|DZ Algeria|EC Ecuador|EE Estonia|EG Egypt|ES Spain|FI Finland
FR France|GB United Kingdom|GE Georgia|GH Ghana|GI Gibraltar|GR Greece|GT Guatemala|HK Hong Kong|HN Honduras
HR Croatia|HU Hungary|ID Indonesia|IE Ireland|IL Israel|IN India|IS Iceland|IT Italy|JM Jamaica|JO Jordan
JP Japan|KE Kenya|KH Cambodia|KR South Korea|KW Kuwait|KZ Kazakhstan|LB Lebanon|LI Liechtenstein|LK Sri Lanka
LT Lithuania|LU Luxembourg|LV Latvia|MA Morocco|MC Monaco|MD Moldova|ME Montenegro|MK North Macedonia|MT Malta
MU Mauritius|MX Mexico|MY Malaysia|NG Nigeria|NL Netherlands|NO Norway|NP Nepal|NZ New Zealand|OM Oman
PA Panama|PE Peru|PH Philippines|PK Pakistan|PL Poland|PT Portugal|PY Paraguay|QA Qatar|RO Romania|RS Serbia
RW Rwanda|SA Saudi Arabia|SE Sweden|SG Singapore|SI Slovenia|SK Slovakia|SM San Marino|SN Senegal
SV El Salvador|TH Thailand|TN Tunisia|TR Türkiye|TW Taiwan|TZ Tanzania|UA Ukraine|UG Uganda|US United States
UY Uruguay|UZ Uzbekistan|VN Vietnam|ZA South Africa|ZM Zambia
"""

_PAIRS = [entry.split(" ", 1) for entry in _LIST.strip().replace("\n", "|").split("|")]

#: Code -> name, in the order of the names.
COUNTRIES = dict(sorted(_PAIRS, key=lambda pair: pair[1]))
