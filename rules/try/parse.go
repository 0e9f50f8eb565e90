package main

import (
	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/mail"
)

func parse(data []byte) *lint.Message {
	m, err := mail.Parse(data, mail.Options{})
	check(err)
	return m
}
