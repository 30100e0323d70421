// A composition of an After Effects project: its properties come as trees, moving ones with their values at each frame.

let project = null;
function load(text) {
  project = JSON.parse(text);
  project.byIndex = (index) => project.layers[index - 1];
  for (const layer of project.layers) {
    layer.comp = project;
    linked(layer, layer, layer);
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
