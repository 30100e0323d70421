// A composition of an After Effects project: its properties come as trees, moving ones with their values at each frame.

let project = null;
function load(text) {
  project = JSON.parse(text);
  const others = project.others ?? [];
  for (const comp of [project, ...others]) {
    comp.byIndex = (index) => comp.layers[index - 1];
    comp.other = (name) => (name === project.name ? project : others.find((other) => other.name === name));
    for (const layer of comp.layers) {
      layer.comp = comp;
      linked(layer, layer, layer);
    }
  }
}
function answer() {
  const out = {};
  for (const leaf of wantedLeaves(project)) {
    try {
      out[leaf.id] = { values: framesOf(leaf, project) };
    } catch (error) {
      out[leaf.id] = refused(error);
    }
  }
  return JSON.stringify(out);
}
