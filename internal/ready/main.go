// Command ready fails unless the database servers that the tests are to run on can be reached: CI skips nothing in silence.
package main

import (
	"fmt"
	"os"

	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

func main() {
	for name, open := range map[string]func(string) gorm.Dialector{
		"PAYMENTS_TEST_POSTGRES": postgres.Open, "PAYMENTS_TEST_MYSQL": mysql.Open,
	} {
		var version string
		db, err := gorm.Open(open(os.Getenv(name)), &gorm.Config{Logger: logger.Discard})
		if err == nil {
			err = db.Raw("SELECT version()").Scan(&version).Error
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "the database of %s cannot be reached: %v\n", name, err)
			os.Exit(1)
		}
		fmt.Println(name, version)
	}
}
