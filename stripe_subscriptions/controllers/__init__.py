from . import portal, proof, webhook
