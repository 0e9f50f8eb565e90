package lint

// WithoutFilters makes a rule set run every pattern wherever it can begin, for
// comparison: nothing is passed over by what comes next or is needed.
func WithoutFilters(s *RuleSet) {
	for i := range s.pack.Programs {
		p := s.pack.Lang(i)
		for k := range p.Patterns {
			p.Patterns[k].Next, p.Patterns[k].NeedLen = 0, 0
		}
		for k := range p.Guards {
			p.Guards[k] = ^uint64(0)
		}
	}
}
