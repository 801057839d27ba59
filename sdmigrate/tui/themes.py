"""The two themes: dark for the night shift, light for bright rooms.

Invariant: every colour of the stylesheets is a variable from here; tones keep a contrast of 4.5 or more
against the background and never stand without a word.
"""

from textual.theme import Theme

DARK = Theme(
    name="sdmigrate-dark",
    primary="#6fb3f2",
    secondary="#8fa3bf",
    accent="#8bd5ca",
    foreground="#d9dfe7",
    background="#0f1318",
    surface="#161c23",
    panel="#1f2730",
    success="#82cfa0",
    warning="#e6bd72",
    error="#f0848b",
    dark=True,
    variables={
        "tone-good": "#82cfa0",
        "tone-warn": "#e6bd72",
        "tone-bad": "#f0848b",
        "tone-muted": "#8b97a6",
        "line": "#2a3440",
        "badge-inspect": "#8fb8e8",
        "badge-rehearse": "#82cfa0",
        "badge-migrate": "#f2a65a",
        "badge-text": "#0f1318",
        "block-cursor-background": "#2c4a68",
        "block-cursor-foreground": "#f2f6fa",
        "block-cursor-blurred-background": "#222c37",
        "block-cursor-blurred-foreground": "#d9dfe7",
        "block-cursor-text-style": "none",
        "input-selection-background": "#6fb3f2 35%",
    },
)

LIGHT = Theme(
    name="sdmigrate-light",
    primary="#1d5fa6",
    secondary="#54657a",
    accent="#0f766e",
    foreground="#1f262e",
    background="#fbfaf7",
    surface="#f2f0ea",
    panel="#e6e3da",
    success="#1b7444",
    warning="#855800",
    error="#b0261f",
    dark=False,
    variables={
        "tone-good": "#1b7444",
        "tone-warn": "#855800",
        "tone-bad": "#b0261f",
        "tone-muted": "#626b76",
        "line": "#d4d0c5",
        "badge-inspect": "#1d5fa6",
        "badge-rehearse": "#1b7444",
        "badge-migrate": "#a84300",
        "badge-text": "#fbfaf7",
        "block-cursor-background": "#cfe0f2",
        "block-cursor-foreground": "#10151b",
        "block-cursor-blurred-background": "#e4e8ec",
        "block-cursor-blurred-foreground": "#1f262e",
        "block-cursor-text-style": "none",
        "input-selection-background": "#1d5fa6 25%",
    },
)

THEMES = (DARK, LIGHT)
