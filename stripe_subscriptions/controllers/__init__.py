from . import payment, portal, proof, webhook
