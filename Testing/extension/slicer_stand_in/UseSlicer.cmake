# Stand-ins of Slicer's macros for scripted modules. They take what the real ones take, refuse what those refuse,
# and put files where those put them.
include(CMakeParseArguments)
include(CTest)

macro(slicerMacroBuildScriptedModule)
  cmake_parse_arguments(MODULE "WITH_GENERIC_TESTS;WITH_SUBDIR;VERBOSE" "NAME" "SCRIPTS;RESOURCES" ${ARGN})
  if(MODULE_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "Unknown keywords given to slicerMacroBuildScriptedModule(): ${MODULE_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT DEFINED MODULE_NAME)
    message(FATAL_ERROR "NAME is mandatory")
  endif()
  if(NOT MODULE_SCRIPTS)
    message(FATAL_ERROR "SCRIPTS is mandatory")
  endif()
  set(build_folder ${CMAKE_BINARY_DIR}/${Slicer_QTSCRIPTEDMODULES_LIB_DIR})
  if(MODULE_WITH_SUBDIR)
    get_filename_component(subfolder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
    string(APPEND build_folder /${subfolder})
  endif()

  set(copies)
  foreach(file IN LISTS MODULE_SCRIPTS)
    get_filename_component(extension ${file} EXT)
    if(NOT "${extension}" MATCHES "py")
      string(APPEND file .py)
    endif()
    slicer_stand_in_copy(${file} ${build_folder})
  endforeach()
  foreach(file IN LISTS MODULE_RESOURCES)
    slicer_stand_in_copy(${file} ${build_folder})
  endforeach()
  add_custom_target(Copy${MODULE_NAME}Files ALL DEPENDS ${copies})

  # The whole build folder goes along, what was left there by earlier builds too.
  install(DIRECTORY ${CMAKE_BINARY_DIR}/${Slicer_QTSCRIPTEDMODULES_LIB_DIR}/
    DESTINATION ${Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR} COMPONENT RuntimeLibraries)

  if(BUILD_TESTING AND MODULE_WITH_GENERIC_TESTS)
    add_test(NAME py_nomainwindow_qSlicer${MODULE_NAME}ModuleGenericTest COMMAND ${Slicer_LAUNCHER_EXECUTABLE})
  endif()
endmacro()

# Copy one file into the build folder, at its path relative to the source folder; appends to `copies`.
macro(slicer_stand_in_copy file folder)
  if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${file})
    message(FATAL_ERROR "slicerMacroBuildScriptedModule() given nonexistent file or directory '${file}'")
  endif()
  if("${folder}/${file}" IN_LIST SLICER_STAND_IN_COPIED)
    message(FATAL_ERROR "Two modules install '${file}' at the same place")
  endif()
  set(SLICER_STAND_IN_COPIED ${SLICER_STAND_IN_COPIED} ${folder}/${file} CACHE INTERNAL "")
  add_custom_command(
    OUTPUT ${folder}/${file}
    COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_CURRENT_SOURCE_DIR}/${file} ${folder}/${file}
    DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${file}
    )
  list(APPEND copies ${folder}/${file})
endmacro()

# A test runs by the base name of its script. Unlike the real one, refuses a script that is not there.
macro(slicer_add_python_unittest)
  cmake_parse_arguments(UNITTEST "" "TESTNAME_PREFIX;SCRIPT" "SLICER_ARGS" ${ARGN})
  if(UNITTEST_UNPARSED_ARGUMENTS OR NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${UNITTEST_SCRIPT})
    message(FATAL_ERROR "slicer_add_python_unittest() given ${ARGN}")
  endif()
  get_filename_component(name ${UNITTEST_SCRIPT} NAME_WE)
  add_test(
    NAME py_${UNITTEST_TESTNAME_PREFIX}${name}
    COMMAND ${Slicer_LAUNCHER_EXECUTABLE} --no-splash --ignore-slicerrc ${UNITTEST_SLICER_ARGS} --python-code
      "import slicer.testing; slicer.testing.runUnitTest(['${CMAKE_CURRENT_BINARY_DIR}', '${CMAKE_CURRENT_SOURCE_DIR}'], '${name}')"
    )
endmacro()

set(SLICER_STAND_IN_COPIED "" CACHE INTERNAL "")
