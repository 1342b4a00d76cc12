"""
Which path wins
===============

Two interfacial energies are varied. On the white lines two paths carry equal shares: the shipped values lie
where lithium enters in two steps and leaves in one.
"""

# sphinx_gallery_thumbnail_path = "generated/thumbnails/plot_5_map.png"
import sbpath

chart = sbpath.selection_map(
    "li-sb",
    "interfaces.Li2Sb|Li3Sb.energy_J_per_m2=0.03..0.12:13",
    "interfaces.Sb|Li3Sb.energy_J_per_m2=0.12..0.26:11",
    cycles=1,
    progress=False,
)
axes = sbpath.plots.selection(chart, "li-sb")
