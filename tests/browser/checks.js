// What axe does not see. Returns a list of faults, one line each.
({ onlyWidth = false } = {}) => {
  const faults = [];
  const fault = (what, element) => faults.push(element ? `${what}: ${element.outerHTML.slice(0, 160)}` : what);
  const isVisible = (element) => element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;

  const width = document.documentElement.scrollWidth;
  if (width > innerWidth) {
    const wide = [...document.body.querySelectorAll("*")].filter((e) => isVisible(e) && e.getBoundingClientRect().right > innerWidth + 1);
    fault(`the page is ${width} px wide in a window of ${innerWidth}`, wide.find((e) => !e.closest(".table-wrap")) ?? wide[0]);
  }
  if (onlyWidth) return faults;

  // names and descriptions point at something
  for (const name of ["aria-describedby", "aria-labelledby"]) {
    for (const element of document.querySelectorAll(`[${name}]`)) {
      for (const id of element.getAttribute(name).split(/\s+/)) {
        if (!document.getElementById(id)?.textContent.trim()) fault(`${name} leads nowhere`, element);
      }
    }
  }
  for (const element of document.querySelectorAll("[aria-invalid=true]:not([aria-describedby])")) fault("an error that is tied to nothing", element);
  for (const link of document.querySelectorAll("main a[href^='#']")) {
    if (!document.getElementById(decodeURIComponent(link.hash.slice(1)))) fault("a link within the page leads nowhere", link);
  }

  // the edge of a field against what surrounds it: 3:1 (WCAG 1.4.11)
  const parse = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const isClear = (colour) => parse(colour)[3] === 0;
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const style = getComputedStyle(element);
      if (style.backgroundImage !== "none") return "rgb(14, 74, 67)"; // the one gradient there is, on the start page
      if (!isClear(style.backgroundColor)) return style.backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  const light = (colour) => {
    const [r, g, b] = parse(colour).map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [bright, dark] = [light(one), light(other)].sort((a, b) => b - a);
    return (bright + 0.05) / (dark + 0.05);
  };
  for (const field of document.querySelectorAll("input:not([type=hidden], [type=checkbox], [type=radio]), select, textarea")) {
    if (!isVisible(field)) continue;
    const outside = behind(field.parentElement);
    const style = getComputedStyle(field);
    const best = Math.max(parseFloat(style.borderTopWidth) ? contrast(style.borderTopColor, outside) : 1, contrast(style.backgroundColor, outside));
    if (best < 3) fault(`the edge of a field has a contrast of ${best.toFixed(2)}`, field);
  }

  // targets of at least 24 × 24 px (WCAG 2.5.8); links within a sentence are exempt, and what nobody can see or reach
  for (const target of document.querySelectorAll("a, button, summary, select, input:not([type=hidden])")) {
    if (!isVisible(target) || getComputedStyle(target).display === "inline" || target.matches(".skip-link, [aria-hidden=true][tabindex='-1']")) continue;
    const { width, height } = target.getBoundingClientRect();
    if (width < 23.9 || height < 23.9) fault(`a target of ${Math.round(width)} × ${Math.round(height)} px`, target);
  }

  const summary = document.querySelector(".error-summary");
  if (summary && document.activeElement !== summary) fault("the error summary has not got the focus", document.activeElement);
  if (document.querySelectorAll("h1").length !== 1) fault("not exactly one h1");
  if (document.title.startsWith(" ")) fault("the page has no title of its own");
  for (const element of document.querySelectorAll("[style], style, script:not([src])")) fault("style or script within the page", element);
  for (const element of document.querySelectorAll("*")) {
    if (element.getAttributeNames().some((name) => name.startsWith("on"))) fault("a script in an attribute", element);
  }
  for (const { name } of performance.getEntriesByType("resource")) {
    if (!name.startsWith(location.origin)) fault(`something from another host: ${name}`);
  }
  return faults;
}
