"""Pages of break-glass: who asks, who decides along, the school that reads, who looks at it afterwards."""
