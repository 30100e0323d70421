// nexrender looks for After Effects only on systems that After Effects runs on; it is told that this is macOS, and given the program's path.
require("node:os").platform = () => "darwin";
