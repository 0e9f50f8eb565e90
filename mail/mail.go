// Package mail reads email files of every sort into lint.Messages.
package mail
