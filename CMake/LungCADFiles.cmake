# Files are found, not listed: a list forgets the file that was added yesterday.

# Return the Python scripts and the other files of a folder, relative to the current source folder.
function(lungcad_find_files folder scripts_variable others_variable)
  file(GLOB_RECURSE files
    RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}
    CONFIGURE_DEPENDS
    ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*
    )
  list(FILTER files EXCLUDE REGEX "(^|/)(__pycache__|\\.[^/]*)(/|$)")
  set(scripts ${files})
  list(FILTER scripts INCLUDE REGEX "\\.py$")
  list(FILTER files EXCLUDE REGEX "\\.py$")
  set(${scripts_variable} ${scripts} PARENT_SCOPE)
  set(${others_variable} ${files} PARENT_SCOPE)
endfunction()
