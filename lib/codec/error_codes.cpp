//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include <strait/codec.hpp>

#include <boost/asio/error.hpp>

#include <cstring>
#include <future>
#include <ios>
#include <string>

namespace strait::detail {

namespace {

// Stands for categories that exist at the sender only.
class foreign_category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "strait.foreign"; }

    std::string message(int value) const override {
        return "error " + std::to_string(value) + " of a category that is unknown here";
    }
};

const boost::system::error_category& foreign() {
    static const foreign_category instance;
    return instance;
}

const boost::system::error_category& find_category(std::string_view name) {
    const boost::system::error_category* const known[] = {
        &boost::system::system_category(),
        &boost::system::generic_category(),
        &boost::asio::error::get_netdb_category(),
        &boost::asio::error::get_addrinfo_category(),
        &boost::asio::error::get_misc_category(),
        &error_category(),
    };
    for (const auto* category : known) {
        if (name == category->name()) return *category;
    }
    return foreign();
}

const std::error_category& find_std_category(std::string_view name) {
    const std::error_category* const known[] = {
        &std::system_category(),
        &std::generic_category(),
        &std::iostream_category(),
        &std::future_category(),
    };
    for (const auto* category : known) {
        if (name == category->name()) return *category;
    }
    return find_category(name);
}

struct wire_code {
    std::int32_t value;
    char name[256];
    std::size_t length;

    std::string_view category() const { return {name, length}; }
};

wire_code read(input_archive& ar) {
    wire_code found;
    ar.get_number(found.value);
    found.length = ar.get_number<std::uint8_t>();
    ar.load_binary(found.name, found.length);
    return found;
}

}  // namespace

void save_code(output_archive& ar, int value, const char* category) {
    const std::size_t length = std::min<std::size_t>(std::strlen(category), 255);
    ar.put_number(static_cast<std::int32_t>(value));
    ar.put_number(static_cast<std::uint8_t>(length));
    ar.save_binary(category, length);
}

void load_code(input_archive& ar, boost::system::error_code& ec) {
    const wire_code found = read(ar);
    ec.assign(found.value, find_category(found.category()));
}

void load_code(input_archive& ar, std::error_code& ec) {
    const wire_code found = read(ar);
    ec.assign(found.value, find_std_category(found.category()));
}

}  // namespace strait::detail
