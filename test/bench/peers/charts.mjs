import * as vega from 'vega';
import * as vegaLite from 'vega-lite';

/** Draws a vega-lite chart as SVG. */
export async function drawChart(spec) {
  const view = new vega.View(vega.parse(vegaLite.compile(spec).spec), { renderer: 'none' });
  return view.toSVG();
}
