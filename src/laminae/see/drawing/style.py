"""The colours of drawings: few, each with one meaning, for light and dark pages. After Okabe and Ito, told apart by all eyes."""

LEGEND = {
    "input": "input",
    "weights": "has parameters",
    "plain": "no parameters",
    "group": "closed group",
    "expected": "what the data says",
    "marked": "highlighted",
}
"""Kinds of boxes, as the drawing explains them."""

STYLE = """
.laminae{color-scheme:light dark}
.laminae text{font-family:"DejaVu Sans","Segoe UI",system-ui,-apple-system,Roboto,"Helvetica Neue",Arial,sans-serif;fill:#1f2328}
.laminae .paper{fill:#ffffff}
.laminae .title{font-size:18px;font-weight:700}
.laminae .name{font-size:13px;font-weight:700}
.laminae .line,.laminae .key{font-size:11px;fill:#57606a}
.laminae .caption{font-size:9.5px;fill:#57606a;text-anchor:middle}
.laminae .heading{font-size:12px;font-weight:700;fill:#424a53;stroke:#ffffff;stroke-width:3;paint-order:stroke}
.laminae .kind{font-weight:400;fill:#57606a}
.laminae .n{font-size:12px;text-anchor:middle}
.laminae .times{font-size:11px;font-weight:700;fill:#ffffff;text-anchor:middle}
.laminae .badge{fill:#424a53}
.laminae .sign{font-size:16px;font-weight:700;text-anchor:middle}
.laminae .good{fill:#1a7f37}
.laminae .bad{fill:#cf222e}
.laminae .box{stroke-width:1.5}
.laminae .input{fill:#e3f0fa;stroke:#0072b2}
.laminae .weights{fill:#fdf1de;stroke:#c77f00}
.laminae .plain{fill:#f6f8fa;stroke:#818b98}
.laminae .group{fill:#eceff3;stroke:#57606a}
.laminae .expected{fill:#ffffff;stroke:#818b98;stroke-dasharray:4 3}
.laminae .marked{fill:none;stroke:#b0328c;stroke-width:3.5}
.laminae .frame{fill:#57606a;fill-opacity:.04;stroke:#afb8c1;stroke-width:1.2}
.laminae .arrow,.laminae .wish,.laminae .bracket,.laminae .axis,.laminae .back{fill:none;stroke:#6e7781;stroke-width:1.5}
.laminae .back{stroke:#d55e00;stroke-width:1.3;stroke-dasharray:5 3}
.laminae .delta{font-size:11px;fill:#a84300}
.laminae .tip{fill:#6e7781}
.laminae .backtip{fill:#d55e00}
.laminae .wish{stroke-dasharray:4 3}
.laminae .bracket,.laminae .axis{stroke-width:1.1}
.laminae .pane{fill:none;stroke:#818b98;stroke-width:.7}
.laminae .bar{fill:#4f7fa3}
.laminae .odd{fill:#cf222e}
.laminae image{image-rendering:pixelated}
"""

DARK = """
@media (prefers-color-scheme:dark){
.laminae text{fill:#e6edf3}
.laminae .paper{fill:#0d1117}
.laminae .line,.laminae .key,.laminae .caption,.laminae .kind{fill:#9da7b3}
.laminae .heading{fill:#c9d1d9;stroke:#0d1117}
.laminae .badge{fill:#c9d1d9}
.laminae .times{fill:#0d1117}
.laminae .good{fill:#3fb950}
.laminae .bad,.laminae .odd{fill:#ff6b62}
.laminae .input{fill:#0f2a3d;stroke:#56b4e9}
.laminae .weights{fill:#33270f;stroke:#e6a532}
.laminae .plain{fill:#161b22;stroke:#7d8590}
.laminae .group{fill:#21262d;stroke:#9da7b3}
.laminae .expected{fill:#0d1117;stroke:#7d8590}
.laminae .marked{stroke:#ffd6f3}
.laminae .frame{fill:#9da7b3;fill-opacity:.05;stroke:#3d444d}
.laminae .arrow,.laminae .wish,.laminae .bracket,.laminae .axis{stroke:#8b949e}
.laminae .tip{fill:#8b949e}
.laminae .back{stroke:#ff9b50}
.laminae .backtip{fill:#ff9b50}
.laminae .delta{fill:#ff9b50}
.laminae .bar{fill:#79a8cc}
}
"""
"""Left out of what is printed: paper is white."""
