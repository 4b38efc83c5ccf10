// What html-validate looks for in every example page. A rule that is off says why.
export default {
  root: true,
  extends: ["html-validate:standard", "html-validate:a11y"],
  rules: {
    // A label around its control also names it by `for`: speech control and older readers go by that alone.
    "no-redundant-for": "off",
  },
};
