//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/roles.hpp"
#include "support/watchdog.hpp"

#define BOOST_TEST_NO_MAIN
#define BOOST_TEST_ALTERNATIVE_INIT_API
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <optional>

namespace {

// A test case that hangs ends the program, with its name.
class case_watchdog : public boost::unit_test::test_observer {
public:
    void test_unit_start(const boost::unit_test::test_unit& unit) override {
        if (unit.p_type == boost::unit_test::TUT_CASE) watchdog_.emplace(unit.full_name());
    }

    void test_unit_finish(const boost::unit_test::test_unit& unit, unsigned long) override {
        if (unit.p_type == boost::unit_test::TUT_CASE) watchdog_.reset();
    }

    void test_aborted() override { watchdog_.reset(); }

private:
    std::optional<strait::test::watchdog> watchdog_;
};

bool init() { return true; }

}  // namespace

int main(int argc, char** argv) {
    if (const std::optional<int> code = strait::test::run_role(argc, argv)) return *code;
    case_watchdog observer;
    boost::unit_test::framework::register_observer(observer);
    const int result = boost::unit_test::unit_test_main(&init, argc, argv);
    return result;
}
