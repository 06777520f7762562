//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_ARCHIVE_BASE_HPP
#define STRAIT_DETAIL_CODEC_ARCHIVE_BASE_HPP

#include <strait/detail/codec/faults.hpp>
#include <strait/limits.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

// Declared and not included: the headers of Boost.Serialization cost half a second each.
namespace boost::serialization {
class library_version_type;
}

namespace strait::detail {

inline constexpr bool little_endian_host = std::endian::native == std::endian::little;

// What a message may make the receiver allocate beyond the multiple of its own size: enough that
// no small message ever meets the bound.
inline constexpr std::uint64_t free_budget = 64u << 10;

inline constexpr std::uint64_t budget_of(std::uint64_t message_bytes, const limits& l) noexcept {
    return message_bytes * l.max_expansion + free_budget;
}

// What both archives owe to Boost.Serialization's archive concept and has nothing to do with bytes.
class archive_base {
public:
    archive_base(const archive_base&) = delete;
    archive_base& operator=(const archive_base&) = delete;

    /// Registers nothing: polymorphic pointers do not travel in this archive.
    template <class T>
    const void* register_type(const T* = nullptr) noexcept {
        return nullptr;
    }

    /// The version of Boost's archive format that `serialize` functions may ask for.
    template <class Version = boost::serialization::library_version_type>
    Version get_library_version() const {
        return Version(19);
    }

    /// Flags of Boost's archives; none apply.
    unsigned int get_flags() const noexcept { return 0; }

    /// The helper object of type `Helper` that goes by `id` in this archive, made on first use.
    template <class Helper>
    Helper& get_helper(const void* id = nullptr) {
        for (auto* at = helpers_.get(); at != nullptr; at = at->next.get()) {
            if (at->id == id) return static_cast<helper<Helper>*>(at)->value;
        }
        auto made = std::make_unique<helper<Helper>>();
        made->id = id;
        made->next = std::move(helpers_);
        Helper& value = made->value;
        helpers_ = std::move(made);
        return value;
    }

protected:
    archive_base() = default;
    ~archive_base() = default;

private:
    struct any_helper {
        any_helper() = default;
        any_helper(const any_helper&) = delete;
        any_helper& operator=(const any_helper&) = delete;
        virtual ~any_helper() = default;
        const void* id = nullptr;
        std::unique_ptr<any_helper> next;
    };

    template <class Helper>
    struct helper : any_helper {
        Helper value{};
    };

    std::unique_ptr<any_helper> helpers_;
};

// Counts nesting for as long as it lives.
template <class Archive>
class nesting {
public:
    explicit nesting(Archive& ar) : ar_(ar) { ar.enter(); }
    nesting(const nesting&) = delete;
    nesting& operator=(const nesting&) = delete;
    ~nesting() { ar_.leave(); }

private:
    Archive& ar_;
};

}  // namespace strait::detail

#endif
