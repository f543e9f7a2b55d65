"""A plugin of pytest: a failing example is enough, the smallest one is not looked for (that takes minutes)."""

from hypothesis import Phase, settings

settings.register_profile("unshrunk", phases=[Phase.explicit, Phase.generate])
settings.load_profile("unshrunk")
