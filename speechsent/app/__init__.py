"""A page on this machine: record or drop a clip, and see its emotions over time.

``limits`` says what a visitor may ask for, ``models`` holds the runs, ``answers`` is what is told
of a clip, ``upload`` and ``waiting`` bound what is taken in and what is computed, ``guard`` keeps
strangers' pages out, and ``server`` joins them.
"""
