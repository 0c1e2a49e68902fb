"""Jupyter's configuration on a cluster. The portal presents the token with every call, so no page need hold it, and none may: who opens a shared notebook would have it."""


def without_token(handler, page_config):
    page_config["token"] = ""
    return page_config


c.ServerApp.tornado_settings = {"page_config_hook": without_token}  # noqa: F821: Jupyter gives c
