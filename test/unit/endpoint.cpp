//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/leak_check.hpp"

#include <strait/endpoint.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>

namespace errc = boost::system::errc;

namespace {

#if defined(__linux__) && !defined(STRAIT_FORCE_PORTABLE)
constexpr bool has_abstract_names = true;
#else
constexpr bool has_abstract_names = false;
#endif

// Sets a variable of the environment for a while.
class variable {
public:
    variable(const char* name, const std::string& value) : name_(name) {
        const char* old = std::getenv(name);
        had_ = old != nullptr;
        if (had_) old_ = old;
        ::setenv(name, value.c_str(), 1);
    }
    ~variable() {
        if (had_)
            ::setenv(name_, old_.c_str(), 1);
        else
            ::unsetenv(name_);
    }

private:
    const char* name_;
    bool had_ = false;
    std::string old_;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(endpoint, strait::test::clean_fixture)

BOOST_AUTO_TEST_CASE(the_text_form_names_the_same_endpoint) {
    const strait::endpoint all[] = {strait::endpoint::path("/run/x/socket"),
        strait::endpoint::path("relative"), strait::endpoint::abstract_name("a name"),
        strait::endpoint::abstract_name("@"), strait::endpoint::generate(),
        strait::endpoint::generate_path(), strait::endpoint()};
    for (const auto& e : all) BOOST_TEST(strait::endpoint(e.to_string()) == e);
    BOOST_TEST((strait::endpoint("@x").what() == strait::endpoint::kind::abstract_name));
    BOOST_TEST(strait::endpoint("@x").name() == "x");
    BOOST_TEST(strait::endpoint::path("@x").to_string() == "./@x");
    std::ostringstream out;
    out << strait::endpoint("/a/b");
    BOOST_TEST(out.str() == "/a/b");
}

BOOST_AUTO_TEST_CASE(is_a_value) {
    const auto e = strait::endpoint::path("/a");
    auto copy = e;
    BOOST_TEST(copy == e);
    copy = strait::endpoint::abstract_name("/a");
    BOOST_TEST(copy != e);
    BOOST_TEST((std::set<strait::endpoint>{e, copy, e}.size()) == 2u);
    BOOST_TEST(strait::endpoint().empty());
    BOOST_TEST(!e.empty());
}

// ipc-channel D3 copied paths with strncpy.
BOOST_AUTO_TEST_CASE(a_name_that_is_too_long_is_an_error_and_never_cut) {
    BOOST_TEST(!strait::endpoint::path(std::string(100, 'p')).check());
    BOOST_TEST(strait::endpoint::path(std::string(108, 'p')).check() == errc::filename_too_long);
    if (has_abstract_names) {
        BOOST_TEST(!strait::endpoint::abstract_name(std::string(107, 'p')).check());
        BOOST_TEST(strait::endpoint::abstract_name(std::string(108, 'p')).check() ==
                   errc::filename_too_long);
    }
}

BOOST_AUTO_TEST_CASE(a_name_that_is_none_is_an_error) {
    using namespace std::string_view_literals;
    BOOST_TEST(strait::endpoint().check() == errc::invalid_argument);
    BOOST_TEST(strait::endpoint::path("").check() == errc::invalid_argument);
    BOOST_TEST(strait::endpoint::path("a\0b"sv).check() == errc::invalid_argument);
    BOOST_TEST(strait::endpoint::abstract_name("a\0b"sv).check() == errc::invalid_argument);
    if (!has_abstract_names)
        BOOST_TEST(
            strait::endpoint::abstract_name("a").check() == errc::operation_not_supported);
}

BOOST_AUTO_TEST_CASE(generated_names_are_never_the_same_and_can_be_used) {
    std::set<strait::endpoint> names;
    for (int i = 0; i != 100; ++i) {
        names.insert(strait::endpoint::generate());
        names.insert(strait::endpoint::generate_path());
    }
    BOOST_TEST(names.size() == 200u);
    for (const auto& e : names) BOOST_TEST(!e.check());
    const auto kind = strait::endpoint::generate().what();
    BOOST_TEST((kind == strait::endpoint::kind::abstract_name) == has_abstract_names);
}

BOOST_AUTO_TEST_CASE(a_generated_path_lies_below_the_runtime_directory_if_that_can_be_used) {
    const std::string tmp = std::filesystem::temp_directory_path().native();
    const variable runtime("XDG_RUNTIME_DIR", tmp + "/");
    BOOST_TEST(strait::endpoint::generate_path().name().starts_with(tmp + "/strait-"));
    // Too long, relative, or not there: the next one.
    const variable other("TMPDIR", "/");
    for (const std::string& bad : {"/" + std::string(90, 'd'), std::string("tmp"), tmp + "/none"}) {
        const variable useless("XDG_RUNTIME_DIR", bad);
        const std::string name = strait::endpoint::generate_path().name();
        BOOST_TEST((name.starts_with("/strait-") || name.starts_with("/tmp/strait-")), name);
    }
}

BOOST_AUTO_TEST_SUITE_END()
