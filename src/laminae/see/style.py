"""The colours of drawings: few, each with one meaning, for light and dark pages. After Okabe and Ito, told apart by all eyes."""

LEGEND = {"input": "input", "weights": "has parameters", "plain": "no parameters", "expected": "what the data says"}
"""Kinds of boxes, as the drawing explains them."""

STYLE = """
text{font-family:system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;fill:#1f2328;text-anchor:middle}
.paper{fill:#fff}
.title{font-size:17px;font-weight:600;text-anchor:start}
.name{font-size:14px;font-weight:600}
.line,.key{font-size:11.5px;fill:#59636e}
.key{text-anchor:start}
.label{font-size:12px;font-style:italic}
.caption{font-size:10px;fill:#59636e}
.n{font-size:12px;font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.sign{font-size:17px;font-weight:700}
.good{fill:#1a7f37}.bad{fill:#cf222e}
.box{stroke-width:1.6}
.input{fill:#e3f0fa;stroke:#0072b2}
.weights{fill:#fdf0dc;stroke:#d68a00}
.plain{fill:#f6f8fa;stroke:#8c959f}
.expected{fill:#fff;stroke:#8c959f;stroke-dasharray:4 3}
.arrow,.wish,.bracket,.axis{fill:none;stroke:#6e7781;stroke-width:1.5}
.arrow{marker-end:url(#tip)}
.tip{fill:#6e7781}
.wish{stroke-dasharray:4 3}
.bracket,.axis{stroke-width:1.1}
.bar{fill:#57809f}.odd{fill:#cf222e}
image{image-rendering:pixelated}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}.paper{fill:#0d1117}.line,.key,.caption{fill:#9da7b3}
.good{fill:#3fb950}.bad{fill:#ff6b62}.odd{fill:#ff6b62}
.input{fill:#0f2a3d;stroke:#56b4e9}.weights{fill:#33270f;stroke:#e6a532}.plain{fill:#161b22;stroke:#7d8590}
.expected{fill:#0d1117;stroke:#7d8590}
.arrow,.wish,.bracket,.axis{stroke:#8b949e}.tip{fill:#8b949e}.bar{fill:#79a8cc}
}
"""
