"""What every page is made of: one HTML file that needs nothing else.

The flow, in order; a module imports only those above it:

  template    Jinja2 templates and style sheets, beside their modules
  document    the file around it: a policy that lets nothing in, and its parts
  svg_axes    round ticks, short numbers, and the grid of an inline SVG
  bars        a card of labelled numbers, each with a bar
  line_chart  curves and levels as inline SVG
"""
