"""
Many particles
==============

Two hundred particles at one potential, with interfacial energies spread by 4 % and sizes by a factor of 1.6.
Each row is a particle; they transform one after the other, and the plateaus slope.
"""

# sphinx_gallery_thumbnail_path = "generated/thumbnails/plot_6_particles.png"
import sbpath

particles = sbpath.Population.lognormal(200, interfacial_energy=0.04, size=0.5)
solution = sbpath.simulate("li-sb", population=particles, progress=False)
figure = sbpath.plots.particle_map(solution)
